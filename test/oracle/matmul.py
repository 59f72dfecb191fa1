"""matmul and addmm. Letters: y [M, N] = a [M, K] · b [K, N]; a transposed is held as [K, M], b as [N, K]."""

import torch

from row import Source, full, op_row

NAN, INF = float("nan"), float("inf")
TRANSPOSES = [
    {},
    {"transposeA": True},
    {"transposeB": True},
    {"transposeA": True, "transposeB": True},
]


def product(a, b, transposeA=False, transposeB=False):
    return torch.matmul(a.mT if transposeA else a, b.mT if transposeB else b)


def sum_of(c, a, b, alpha=1.0, beta=1.0, transposeA=False, transposeB=False):
    return torch.addmm(c, a.mT if transposeA else a, b.mT if transposeB else b, alpha=alpha, beta=beta)


def factors(s, m, k, n, options):
    a = s.uniform([k, m] if options.get("transposeA") else [m, k])
    b = s.uniform([n, k] if options.get("transposeB") else [k, n])
    return {"a": a, "b": b}


def matmul():
    for note, m, k, n in [
        ("odd sizes", 3, 7, 2),
        ("inner size 1", 2, 1, 3),
        ("no inner size: zeros", 2, 0, 3),
    ]:
        for options in TRANSPOSES:

            def f(a, b, options=options):
                return product(a, b, **options)

            yield op_row(
                "matmul", f, factors(Source(f"matmul {note} {options}"), m, k, n, options), options, note
            )
    for note, sa, sb in [
        ("size 1", [1, 1], [1, 1]),
        ("no rows", [0, 2], [2, 3]),
        ("no columns", [2, 3], [3, 0]),
        ("one row, one column, inner size 17", [1, 17], [17, 1]),
        ("wide", [1, 2], [2, 7]),
        ("tall", [7, 2], [2, 1]),
        ("1-D · 1-D", [7], [7]),
        ("1-D · 1-D, size 1", [1], [1]),
        ("1-D · 1-D, empty: zero", [0], [0]),
        ("1-D · 2-D", [3], [3, 5]),
        ("2-D · 1-D", [5, 3], [3]),
        ("2-D · 1-D, no inner size: zeros", [2, 0], [0]),
    ]:
        s = Source(f"matmul {note}")
        yield op_row("matmul", product, {"a": s.uniform(sa), "b": s.uniform(sb)}, note=note)
    a = full([[INF, 1], [0, 1], [NAN, 1], [1e300, 1e300], [1e-300, 1e-300]])
    b = full([[0, 1, 1e300], [1, -1, 1e-300]])
    yield op_row("matmul", product, {"a": a, "b": b}, note="extreme values", wrt=[])


def addmm():
    m, k, n = 2, 3, 3
    for note, shape in [
        ("c [N]", [n]),
        ("c [M, N]", [m, n]),
        ("c [1, N]", [1, n]),
        ("c [M, 1]", [m, 1]),
        ("c 0-d", []),
    ]:
        yield addmm_row(note, shape, m, k, n, {})
        yield addmm_row(f"{note}, scaled", shape, m, k, n, {"alpha": 0.5, "beta": -2})
    for options in TRANSPOSES[1:]:
        yield addmm_row("transposed, scaled", [n], m, k, n, options | {"alpha": -1.5, "beta": 0.25})
    yield addmm_row("beta 0", [n], m, k, n, {"beta": 0})
    yield addmm_row("alpha 0", [n], m, k, n, {"alpha": 0})
    yield addmm_row("size 1", [1], 1, 1, 1, {})
    yield addmm_row("inner size 17", [1], 1, 17, 1, {})
    yield addmm_row("no rows", [2], 0, 3, 2, {})
    yield addmm_row("no inner size", [2], 3, 0, 2, {})
    yield addmm_row("no inner size, beta 2", [2], 3, 0, 2, {"beta": 2})

    def ignoring(c, a, b):
        return sum_of(c, a, b, beta=0.0)

    inputs = {"c": full([NAN, INF]), "a": full([[1, 2]]), "b": full([[1, 2], [3, 4]])}
    yield op_row("addmm", ignoring, inputs, {"beta": 0}, "beta 0 ignores NaN in c", wrt=[])
    inputs = {"c": full([NAN, INF]), "a": full([[1, 2], [INF, 0]]), "b": full([[1, 2], [0, 4]])}
    yield op_row("addmm", sum_of, inputs, {}, "extreme values", wrt=[])


def addmm_row(note, shape, m, k, n, options):
    s = Source(f"addmm {note} {options}")

    def f(c, a, b):
        return sum_of(c, a, b, **options)

    return op_row("addmm", f, {"c": s.uniform(shape), **factors(s, m, k, n, options)}, options, note)


def rows():
    yield from matmul()
    yield from addmm()

"""Ops that take tensors apart, put them together or in order, and reductions beyond sum and mean."""

import torch

from matmul import product
from row import Source, full, ints, op_row

NAN, INF = float("nan"), float("inf")


def dims_of(x, dim):
    if dim is None:
        return tuple(range(x.dim()))
    return (dim,) if isinstance(dim, int) else tuple(dim)


def slice_(x, dim, start=0, end=None, step=1):
    size = x.shape[dim]
    positions = list(range(size))[start:end:step]
    return torch.index_select(x, dim, torch.tensor(positions, dtype=torch.int64))


def pad(x, dim, before, after, value=0):
    widths = [0, 0] * (x.dim() - 1 - dim % x.dim()) + [before, after]
    return torch.nn.functional.pad(x, widths, value=value)


def flip(x, dims):
    return torch.flip(x, [dims] if isinstance(dims, int) else dims)


def repeat(x, counts):
    return x.repeat(counts)


def tril(x, diagonal=0):
    return torch.tril(x, diagonal)


def triu(x, diagonal=0):
    return torch.triu(x, diagonal)


def diagonal(x):
    return torch.diagonal(x, dim1=-2, dim2=-1)


def trace(x):
    return torch.diagonal(x, dim1=-2, dim2=-1).sum(-1)


def prod(x, dim=None, keepdim=False):
    for d in sorted((d % max(x.dim(), 1) for d in dims_of(x, dim)), reverse=True):
        x = torch.prod(x, d, keepdim)
    return x


def variance(x, dim=None, keepdim=False, correction=1):
    return torch.var(x, dims_of(x, dim), correction=correction, keepdim=keepdim)


def std(x, dim=None, keepdim=False, correction=1):
    return torch.std(x, dims_of(x, dim), correction=correction, keepdim=keepdim)


def norm(x, p=2, dim=None, keepdim=False):
    return torch.linalg.vector_norm(x, p, dims_of(x, dim), keepdim)


def cumsum(x, dim):
    return torch.cumsum(x, dim)


def argsort(x, dim=-1, descending=False):
    return torch.argsort(x, dim=dim, descending=descending, stable=True)


def sort(x, dim=-1, descending=False):
    return torch.sort(x, dim=dim, descending=descending, stable=True).values


def topk(x, k, dim=-1, largest=True):
    return torch.topk(x, k, dim, largest).values


def max_(x, dim, keepdim=False):
    return torch.max(x, dim, keepdim).values


def min_(x, dim, keepdim=False):
    return torch.min(x, dim, keepdim).values


REDUCED = [
    ("all", [2, 3], {}),
    ("first dim", [3, 5], {"dim": 0}),
    ("last dim", [3, 5], {"dim": 1}),
    ("negative dim, keepdim", [2, 3], {"dim": -1, "keepdim": True}),
    ("middle dim", [2, 3, 2], {"dim": 1}),
    ("two dims apart", [2, 3, 2], {"dim": [0, 2]}),
    ("all of an odd size", [17], {}),
]
ALONG = [
    ("1-D", [7], {"dim": 0}),
    ("first dim", [4, 3], {"dim": 0}),
    ("last dim, negative", [2, 5], {"dim": -1}),
    ("middle dim", [2, 3, 2], {"dim": 1}),
    ("size 1", [2, 1], {"dim": 1}),
    ("empty", [0, 2], {"dim": 0}),
    ("0-d", [], {"dim": 0}),
]

# op, function, rows of: note, shape of x, options
CASES = [
    (
        "slice",
        slice_,
        [
            ("from the front", [7], {"dim": 0, "end": 3}),
            ("to the end", [7], {"dim": 0, "start": 4}),
            ("between", [3, 5], {"dim": 1, "start": 1, "end": 4}),
            ("negative ends", [2, 6], {"dim": -1, "start": -4, "end": -1}),
            ("steps", [7, 2], {"dim": 0, "start": 1, "step": 2}),
            ("steps of a middle dim", [2, 5, 3], {"dim": 1, "step": 3}),
            ("all", [2, 3], {"dim": 0}),
            ("nothing", [2, 3], {"dim": 1, "start": 2, "end": 1}),
            ("beyond the end", [4], {"dim": 0, "start": 2, "end": 9}),
            ("empty", [0, 3], {"dim": 1, "end": 2}),
        ],
    ),
    (
        "pad",
        pad,
        [
            ("both sides", [3], {"dim": 0, "before": 1, "after": 2}),
            ("last dim", [2, 3], {"dim": -1, "before": 0, "after": 2}),
            ("middle dim, a value", [2, 2, 2], {"dim": 1, "before": 1, "after": 0, "value": 1.5}),
            ("nothing", [2, 3], {"dim": 0, "before": 0, "after": 0}),
            ("empty", [0, 2], {"dim": 0, "before": 1, "after": 1}),
        ],
    ),
    (
        "flip",
        flip,
        [
            ("1-D", [5], {"dims": 0}),
            ("one of two", [2, 3], {"dims": 1}),
            ("both", [2, 3], {"dims": [0, 1]}),
            ("ends of three, negative", [2, 3, 2], {"dims": [-1, 0]}),
            ("none", [2, 3], {"dims": []}),
            ("empty", [0, 3], {"dims": 0}),
            ("size 1", [1, 3], {"dims": 0}),
        ],
    ),
    (
        "repeat",
        repeat,
        [
            ("1-D", [3], {"counts": [2]}),
            ("2-D", [2, 3], {"counts": [2, 2]}),
            ("added dims", [2], {"counts": [2, 1, 3]}),
            ("0-d", [], {"counts": [2]}),
            ("never", [2, 3], {"counts": [0, 1]}),
        ],
    ),
    *(
        (
            op,
            f,
            [
                ("square", [3, 3], {}),
                ("wide, above", [2, 4], {"diagonal": 1}),
                ("tall, below", [4, 2], {"diagonal": -1}),
                ("stack", [2, 3, 3], {}),
                ("empty", [0, 3], {}),
            ],
        )
        for op, f in (("tril", tril), ("triu", triu))
    ),
    *(
        (op, f, [("matrix", [3, 3], {}), ("stack", [2, 2, 2], {}), ("size 1", [1, 1], {}), ("empty", [2, 0, 0], {})])
        for op, f in (("diagonal", diagonal), ("trace", trace))
    ),
    (
        "diagonalMatrix",
        lambda x: torch.diag_embed(x),
        [("vector", [3], {}), ("stack", [2, 2], {}), ("size 1", [1], {}), ("empty", [2, 0], {})],
    ),
    ("prod", prod, [*REDUCED, ("0-d", [], {}), ("empty", [0, 2], {"dim": 0}), ("size 1", [2, 1], {"dim": 1})]),
    *(
        (
            op,
            f,
            [
                *REDUCED,
                ("no correction", [2, 3], {"dim": 1, "correction": 0}),
                ("correction 2", [4], {"correction": 2}),
            ],
        )
        for op, f in (("variance", variance), ("std", std))
    ),
    (
        "norm",
        norm,
        [
            *REDUCED,
            *((f"p = {p}", [2, 3], {"p": p, "dim": 1}) for p in (1, 3, 0.5, -1)),
            ("0-d", [], {}),
            ("size 1", [2, 1], {"dim": 1}),
        ],
    ),
    ("cumsum", cumsum, ALONG),
    *((op, f, [*ALONG, ("descending", [3, 4], {"descending": True})]) for op, f in (("argsort", argsort), ("sort", sort))),
    (
        "topk",
        topk,
        [
            ("largest", [7], {"k": 3}),
            ("smallest", [2, 5], {"k": 2, "largest": False}),
            ("first dim", [4, 3], {"k": 2, "dim": 0}),
            ("all", [3], {"k": 3}),
            ("none", [3], {"k": 0}),
            ("0-d", [], {"k": 1}),
        ],
    ),
    *(
        (
            op,
            f,
            [
                ("1-D", [7], {"dim": 0}),
                ("first dim", [4, 3], {"dim": 0}),
                ("last dim, keepdim", [2, 5], {"dim": -1, "keepdim": True}),
                ("middle dim", [2, 3, 2], {"dim": 1}),
                ("0-d", [], {"dim": 0}),
            ],
        )
        for op, f in (("max", max_), ("min", min_))
    ),
]


def several():
    """concat and stack; the inputs in the order of the call."""
    for note, shapes, dim in [
        ("two vectors", [[3], [2]], 0),
        ("rows", [[1, 3], [2, 3], [1, 3]], 0),
        ("columns", [[2, 1], [2, 3]], -1),
        ("middle dim", [[2, 1, 2], [2, 2, 2]], 1),
        ("one tensor", [[2, 2]], 0),
        ("an empty one", [[0, 2], [1, 2]], 0),
    ]:
        s = Source(f"concat {note}")
        inputs = {f"x{i}": s.uniform(shape) for i, shape in enumerate(shapes)}
        yield op_row("concat", lambda dim=dim, **xs: torch.cat(list(xs.values()), dim), inputs, {"dim": dim}, note)
    for note, count, shape, dim in [
        ("vectors", 3, [2], 0),
        ("last dim", 2, [2, 3], -1),
        ("scalars", 2, [], 0),
        ("one tensor", 1, [3], 1),
    ]:
        s = Source(f"stack {note}")
        inputs = {f"x{i}": s.uniform(shape) for i in range(count)}
        yield op_row("stack", lambda dim=dim, **xs: torch.stack(list(xs.values()), dim), inputs, {"dim": dim}, note)
    for note, shape, sizes, dim in [("equal", [6], 2, 0), ("a smaller last one", [2, 5], 2, 1), ("listed", [5, 2], [1, 0, 4], 0)]:
        for piece in (0, -1):

            def f(x, sizes=sizes, dim=dim, piece=piece):
                return torch.split(x, sizes, dim)[piece]

            options = {"sizes": sizes, "dim": dim, "piece": piece}
            yield op_row("split", f, {"x": Source(f"split {note}").uniform(shape)}, options, f"{note}, piece {piece}")


def products():
    for note, sa, sb in [
        ("stacks", [3, 2, 4], [3, 4, 2]),
        ("a stack and a matrix", [3, 2, 4], [4, 2]),
        ("a matrix and a stack", [2, 4], [3, 4, 2]),
        ("stacks that broadcast", [2, 1, 2, 3], [3, 3, 2]),
        ("a stack and a vector", [2, 3, 4], [4]),
        ("a vector and a stack", [3], [2, 3, 2]),
        ("a stack of nothing", [0, 2, 3], [0, 3, 2]),
        ("size 1", [1, 1, 1], [1, 1, 1]),
    ]:
        s = Source(f"matmul {note}")
        yield op_row("matmul", product, {"a": s.uniform(sa), "b": s.uniform(sb)}, note=note)
    for options in ({"transposeA": True}, {"transposeB": True}, {"transposeA": True, "transposeB": True}):
        s = Source(f"matmul stacks {options}")

        def f(a, b, options=options):
            return product(a, b, **options)

        a = s.uniform([2, 3, 2] if options.get("transposeA") else [2, 2, 3])
        b = s.uniform([2, 4, 3] if options.get("transposeB") else [2, 3, 4])
        yield op_row("matmul", f, {"a": a, "b": b}, options, "stacks")
    for op, f in (("dot", lambda a, b: torch.dot(a, b)), ("outer", lambda a, b: torch.outer(a, b))):
        for note, n in (("odd size", 7), ("size 1", 1), ("empty", 0)):
            s = Source(f"{op} {note}")
            yield op_row(op, f, {"a": s.uniform([n]), "b": s.uniform([n])}, note=note)
    for equation, shapes in [
        ("ij,jk->ik", [[2, 3], [3, 2]]),
        ("ij,jk", [[2, 3], [3, 2]]),
        ("bij,bjk->bik", [[2, 2, 3], [2, 3, 2]]),
        ("bij,bkj->bik", [[2, 2, 3], [2, 2, 3]]),
        ("i,j->ij", [[2], [3]]),
        ("i,i->", [[3], [3]]),
        ("ii->", [[3, 3]]),
        ("ii->i", [[3, 3]]),
        ("ij->ji", [[2, 3]]),
        ("ijk->k", [[2, 3, 2]]),
        ("ij,kj,lj->ikl", [[2, 3], [2, 3], [2, 3]]),
        ("ij,ij->i", [[2, 3], [2, 3]]),
        ("i,jk->kji", [[2], [2, 3]]),
        (",i->i", [[], [3]]),
    ]:
        s = Source(f"einsum {equation}")
        inputs = {f"x{i}": s.uniform(shape) for i, shape in enumerate(shapes)}

        def f(equation=equation, **xs):
            return torch.einsum(equation, *xs.values())

        yield op_row("einsum", f, inputs, {"equation": equation}, f"of {len(shapes)}")


def rows():
    for op, f, cases in CASES:
        for note, shape, options in cases:

            def g(x, f=f, options=options):
                return f(x, **options)

            x = Source(f"{op} {note}").fine(shape)
            yield op_row(op, g, {"x": x}, options, note, wrt=[] if op == "argsort" else None)
    yield from several()
    yield from products()
    extreme = full([[1, NAN, -INF, INF], [-0.0, 0, 1e300, -1e300], [2, 1, 2, 1]])
    for op, f in (("cumsum", cumsum), ("argsort", argsort), ("sort", sort), ("max", max_), ("min", min_)):

        def along(x, f=f):
            return f(x, dim=1)

        yield op_row(op, along, {"x": extreme}, {"dim": 1}, "extreme values", wrt=[])
    zeros = full([[0, 2, 3], [0, 0, 3], [1, 2, 3]])
    yield op_row("prod", lambda x: prod(x, 1), {"x": zeros}, {"dim": 1}, "factors of 0")
    for dtype_op, f in (("cumsum", cumsum), ("argsort", argsort)):
        x = ints([3, 1, 2, 1])
        yield op_row(dtype_op, lambda x, f=f: f(x, dim=0), {"x": x}, {"dim": 0}, "int32", wrt=[])

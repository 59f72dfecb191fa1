"""Elementwise ops: one value of y from one value of each input, after broadcasting."""

import torch

from row import Source, bools, full, ints, op_row

NAN, INF = float("nan"), float("inf")
EXTREMES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    INF,
    -INF,
    NAN,
    1e300,
    -1e300,
    1e-300,
    -1e-300,
    5e-324,
    709.5,
    710.5,
    -745.5,
]

# note, shape of a, shape of b
BROADCASTS = [
    ("same shape", [17], [17]),
    ("broadcast row", [2, 3], [3]),
    ("broadcast column", [2, 3], [2, 1]),
    ("broadcast both sides", [2, 1], [1, 3]),
    ("broadcast leading dims", [3], [2, 2, 3]),
    ("broadcast around a middle dim", [2, 1, 3], [2, 1]),
    ("0-d right", [2, 3], []),
    ("0-d left", [], [3]),
    ("0-d both", [], []),
    ("size 1", [1], [1]),
    ("size 1 against 0-d", [1, 1], []),
    ("size 1 broadcast", [1], [3]),
    ("empty", [0, 3], [3]),
    ("empty against size 1", [1], [0]),
    ("empty column", [2, 0], [2, 1]),
]
# Shapes enough for an op whose broadcasting is not its subject.
FEW = [
    b
    for b in BROADCASTS
    if b[0] in ("broadcast row", "broadcast both sides", "0-d left", "0-d both", "empty")
]


def binary():
    arithmetic = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}
    arithmetic["atan2"] = torch.atan2
    choice = {"maximum": torch.maximum, "minimum": torch.minimum}
    for op, f in (arithmetic | {"pow": torch.pow} | choice).items():
        positive = op == "pow"

        def g(a, b, f=f):
            return f(a, b)

        for note, sa, sb in BROADCASTS:
            s = Source(f"{op} {note} {sa} {sb}")
            a = s.uniform(sa, 0.25, 2) if positive else s.uniform(sa)
            yield op_row(op, g, {"a": a, "b": s.uniform(sb)}, note=note)
        if op != "pow":
            a, b = extreme_pairs()
            yield op_row(op, g, {"a": a, "b": b}, note="extreme values", wrt=[])
        if op in choice:
            a, b = full([1, -2, 0, 0.5, 3]), full([1, -2, 0, 0.75, 2.5])
            yield op_row(op, g, {"a": a, "b": b}, note="ties")
            yield op_row(op, g, {"a": full([[1, 2], [2, 0]]), "b": full(2)}, note="ties with 0-d")
    yield from pow_special()


def extreme_pairs():
    values = [0.0, -0.0, 1.5, INF, -INF, NAN, 1e300, 1e-300]
    pairs = [(a, b) for a in values for b in values]
    return full([a for a, _ in pairs]), full([b for _, b in pairs])


def pow_special():
    def f(a, b):
        return torch.pow(a, b)

    a, b = full([-2, -2, -2, -0.5, -0.5, -3]), full([3, 2, -1, -2, 1, 0])
    yield op_row("pow", f, {"a": a, "b": b}, note="negative base, integer exponent", wrt=["a"])
    yield op_row("pow", f, {"a": full([-2, 1.5, 0, 3]), "b": full(2)}, note="0-d exponent 2", wrt=["a"])
    yield op_row("pow", f, {"a": full([-2, 1.5, 3]), "b": full(-1)}, note="0-d exponent -1", wrt=["a"])
    yield op_row("pow", f, {"a": full([0.25, 2, 9]), "b": full(0.5)}, note="0-d exponent 0.5")
    yield op_row("pow", f, {"a": full([0, 0, 0]), "b": full([1, 2, 3])}, note="zero base", wrt=["a"])
    yield op_row(
        "pow", f, {"a": full([0, 0, 0]), "b": full([2, 3, 4.5])}, note="zero base, both inputs", order=1
    )
    zeros = {"a": full([0, -0.0]), "b": full([0, 0])}
    yield op_row("pow", f, zeros, note="zero base, zero exponent", wrt=["a"], order=1)
    yield op_row("pow", f, {"a": full([-1.5, 0.5, 2]), "b": full(0)}, note="zero exponent", wrt=["a"])
    yield op_row(
        "pow", f, {"a": full([0.5, 2]), "b": full([0, 0])}, note="zero exponent, both inputs", order=1
    )
    # No exponent 0 at second order: PyTorch loses its mixed second derivative 1/a.
    yield op_row("pow", f, {"a": full(2), "b": full([-2, 1, 0.5, 3])}, note="0-d base")
    values = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, INF, -INF, NAN, 0.5, -3.0]
    pairs = [(p, q) for p in values for q in values]
    a, b = full([p for p, _ in pairs]), full([q for _, q in pairs])
    yield op_row("pow", f, {"a": a, "b": b}, note="extreme values", wrt=[])


# Of PyTorch's own name.
LIBRARY = [
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"),
    *("expm1", "log1p", "exp2", "log2", "log10", "erf", "erfc", "rsqrt"),
    *("floor", "ceil", "round", "trunc"),
]
DOMAINS = {
    **{op: (0.1, 4) for op in ("sqrt", "log", "log2", "log10", "rsqrt")},
    **{op: (-0.9, 0.9) for op in ("asin", "acos", "atanh", "log1p")},
    "acosh": (1.1, 4),
    "tan": (-1.2, 1.2),
}


def rounding():
    halves = full([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370497.5])
    for op in ("floor", "ceil", "round", "trunc"):
        yield op_row(op, lambda x, op=op: getattr(torch, op)(x), {"x": halves}, note="halves", wrt=[])


def clamp():
    for note, shape, options in [
        ("both bounds", [17], {"min": -0.5, "max": 1}),
        ("min", [2, 3], {"min": 0}),
        ("max", [2, 3], {"max": 0.25}),
        ("bounds that cross: max wins", [3], {"min": 1, "max": -1}),
        ("0-d", [], {"min": 0, "max": 1}),
        ("empty", [0, 3], {"min": 0}),
    ]:

        def f(x, options=options):
            return torch.clamp(x, **options)

        yield op_row("clamp", f, {"x": Source(f"clamp {note}").fine(shape)}, options, note)
    bounds = {"min": -1, "max": 1}
    at = full([-1, 1, 0])
    yield op_row("clamp", lambda x: torch.clamp(x, **bounds), {"x": at}, bounds, "at the bounds")
    yield op_row("clamp", lambda x: torch.clamp(x, **bounds), {"x": full(EXTREMES)}, bounds, "extreme values", wrt=[])


def unary():
    def heaviside(x):
        return torch.heaviside(x, torch.zeros((), dtype=x.dtype))

    ops = {
        "neg": torch.neg,
        "abs": torch.abs,
        "sign": torch.sign,
        "square": torch.square,
        "sqrt": torch.sqrt,
        "reciprocal": torch.reciprocal,
        "exp": torch.exp,
        "log": torch.log,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "heaviside": heaviside,
        **{op: getattr(torch, op) for op in LIBRARY},
    }
    shapes = [
        ("odd size", [17]),
        ("2-D", [2, 3]),
        ("3-D", [2, 1, 3]),
        ("0-d", []),
        ("size 1", [1]),
        ("empty", [0, 3]),
    ]
    at_zero = {"neg", "abs", "sign", "square", "exp", "tanh", "sigmoid", "relu"}
    at_zero |= set(LIBRARY) - {"acosh", "log2", "log10", "rsqrt"}
    saturated = {"tanh", "sigmoid", "erf", "erfc", "atan", "asinh"}
    for op, f in ops.items():

        def g(x, f=f):
            return f(x)

        wrt = [] if op == "heaviside" else None
        for note, shape in shapes:
            s = Source(f"{op} {note} {shape}")
            x = s.fine(shape, *DOMAINS.get(op, (-2, 2)))
            yield op_row(op, g, {"x": x}, note=note, wrt=wrt)
        if op in at_zero:
            yield op_row(op, g, {"x": full([0, 0.5, -0.5])}, note="at zero")
        if op in saturated:
            yield op_row(op, g, {"x": full([-800, -40, -20, 20, 40, 800])}, note="saturated")
        yield op_row(op, g, {"x": full(EXTREMES)}, note="extreme values", wrt=[])


def comparisons():
    ops = {
        "equal": torch.eq,
        "notEqual": torch.ne,
        "less": torch.lt,
        "lessEqual": torch.le,
        "greater": torch.gt,
        "greaterEqual": torch.ge,
    }
    for op, f in ops.items():

        def g(a, b, f=f):
            return f(a, b)

        for note, sa, sb in [("same shape", [17], [17]), ("broadcast column", [2, 3], [2, 1]), *FEW]:
            s = Source(f"{op} {note} {sa} {sb}")
            # Few distinct values, so that some are equal.
            inputs = {"a": s.uniform(sa, -0.25, 0.25), "b": s.uniform(sb, -0.25, 0.25)}
            yield op_row(op, g, inputs, note=note, wrt=[])
        s = Source(f"{op} int32")
        inputs = {"a": s.integers([2, 3], 3), "b": s.integers([3], 3)}
        yield op_row(op, g, inputs, note="int32, broadcast row", wrt=[])
        a, b = extreme_pairs()
        yield op_row(op, g, {"a": a, "b": b}, note="extreme values", wrt=[])


def logical():
    ops = {"logicalAnd": torch.logical_and, "logicalOr": torch.logical_or, "logicalXor": torch.logical_xor}
    for op, f in ops.items():

        def g(a, b, f=f):
            return f(a, b)

        inputs = {"a": bools([True, True, False, False]), "b": bools([True, False, True, False])}
        yield op_row(op, g, inputs, note="truth table", wrt=[])
        for note, sa, sb in [("same shape", [17], [17]), ("broadcast column", [2, 3], [2, 1]), *FEW]:
            s = Source(f"{op} {note}")
            yield op_row(op, g, {"a": s.mask(sa), "b": s.mask(sb)}, note=note, wrt=[])

    def logical_not(x):
        return torch.logical_not(x)

    for note, shape in [("odd size", [17]), ("2-D", [2, 3]), ("0-d", []), ("empty", [0, 3])]:
        yield op_row("logicalNot", logical_not, {"x": Source(f"not {note}").mask(shape)}, note=note, wrt=[])

    yield op_row("isNaN", lambda x: torch.isnan(x), {"x": full(EXTREMES)}, note="extreme values", wrt=[])
    yield op_row("isNaN", lambda x: torch.isnan(x), {"x": full([[1, NAN]])}, note="2-D", wrt=[])

    def is_finite(x):
        return torch.isfinite(x)

    for note, shape in [("odd size", [17]), ("0-d", []), ("empty", [0, 3])]:
        x = Source(f"isFinite {note}").uniform(shape)
        yield op_row("isFinite", is_finite, {"x": x}, note=note, wrt=[])
    yield op_row("isFinite", is_finite, {"x": full(EXTREMES)}, note="extreme values", wrt=[])
    yield op_row("isFinite", is_finite, {"x": ints([0, 1, -3])}, note="int32", wrt=[])


def where():
    def f(condition, a, b):
        return torch.where(condition, a, b)

    # note, shapes of condition, a, b
    for note, sc, sa, sb in [
        ("same shape", [17], [17], [17]),
        ("same shape", [3, 7], [3, 7], [3, 7]),
        ("broadcast condition column", [2, 1], [2, 3], [2, 3]),
        ("broadcast row and column", [2, 3], [3], [2, 1]),
        ("broadcast leading dims", [2, 2, 1], [3], [2, 1]),
        ("0-d choices", [3], [], []),
        ("0-d condition", [], [2, 3], [3]),
        ("0-d all", [], [], []),
        ("size 1", [1], [1], [1]),
        ("empty", [0, 3], [3], []),
    ]:
        s = Source(f"where {note} {sc}")
        inputs = {"condition": s.mask(sc), "a": s.uniform(sa), "b": s.uniform(sb)}
        yield op_row("where", f, inputs, note=note)
    inputs = {
        "condition": bools([True, False, True, False]),
        "a": full([1, NAN, INF, INF]),
        "b": full([NAN, 2, NAN, -INF]),
    }
    yield op_row("where", f, inputs, note="extreme values not chosen", wrt=[])


def rows():
    yield from binary()
    yield from unary()
    yield from rounding()
    yield from clamp()
    yield from comparisons()
    yield from logical()
    yield from where()

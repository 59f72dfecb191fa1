"""Pointwise activations, GLU, softmin and distances, by torch.nn.functional."""

import torch
import torch.nn.functional as F

from row import Source, full, op_row

NAN, INF = float("nan"), float("inf")


def call(f, *arguments, **named):
    """f as a function of x alone, which goes by that name."""

    def g(x):
        return f(x, *arguments, **named)

    return g


# PyTorch's own gradients of these two have constants of float32, and are off in the eighth digit.
def celu(x, alpha=1):
    return torch.where(x > 0, x, alpha * torch.expm1(torch.where(x > 0, 0, x) / alpha))


def hardsigmoid(x):
    return F.relu6(x + 3) / 6


# op, function, options as callOp knows them, kinks
CASES = [
    ("leakyRelu", F.leaky_relu, {}, [0]),
    ("leakyRelu", call(F.leaky_relu, 0.3), {"negativeSlope": 0.3}, [0]),
    ("hardtanh", F.hardtanh, {}, [-1, 1]),
    ("hardtanh", call(F.hardtanh, -0.5, 2), {"low": -0.5, "high": 2}, [-0.5, 2]),
    ("relu6", F.relu6, {}, [0, 6]),
    ("elu", F.elu, {}, [0]),
    ("elu", call(F.elu, 1.7), {"alpha": 1.7}, [0]),
    ("celu", celu, {}, [0]),
    ("celu", call(celu, 1.7), {"alpha": 1.7}, [0]),
    ("selu", F.selu, {}, [0]),
    ("gelu", F.gelu, {}, []),
    ("gelu", call(F.gelu, approximate="tanh"), {"approximate": "tanh"}, []),
    ("silu", F.silu, {}, []),
    ("softplus", F.softplus, {}, []),
    ("softplus", call(F.softplus, beta=2, threshold=3), {"beta": 2, "threshold": 3}, []),
    ("mish", F.mish, {}, []),
    ("logSigmoid", F.logsigmoid, {}, []),
    ("hardsigmoid", hardsigmoid, {}, [-3, 3]),
    ("hardswish", F.hardswish, {}, []),
    ("hardshrink", F.hardshrink, {}, [-0.5, 0.5]),
    ("hardshrink", call(F.hardshrink, 1), {"lambda": 1}, [-1, 1]),
    ("softshrink", F.softshrink, {}, [-0.5, 0.5]),
    ("softshrink", call(F.softshrink, 1), {"lambda": 1}, [-1, 1]),
    ("tanhshrink", F.tanhshrink, {}, []),
    ("softsign", F.softsign, {}, []),
    ("threshold", call(F.threshold, 0.4, -7), {"limit": 0.4, "value": -7}, [0.4]),
]
# softplus and its kin take e^x of what is far on one side; NaN and infinities where PyTorch's formula has them.
EXTREME = [NAN, INF, -INF, -0.0, 700, -700, 1e-300]


def rows():
    for op, function, options, kinks in CASES:
        f = call(function)
        for note, shape in (("2-D", [3, 4]), ("0-d", []), ("empty", [0, 2]), ("wide", [40])):
            size = 8 if note == "wide" else 2
            x = Source(f"{op} {note}").fine(shape, -size, size)
            yield op_row(op, f, {"x": x}, options, note)
        if kinks:
            yield op_row(op, f, {"x": full(kinks)}, options, "kinks", order=1)
        extreme = [v for v in EXTREME if not (op in ("softsign", "silu", "mish") and abs(v) == INF)]
        yield op_row(op, f, {"x": full(extreme)}, options, "extreme values", wrt=[])
        yield op_row(op, f, {"x": full([500, -500, 30, -30])}, options, "far", order=1)
    for note, shape, dim in (("last dim", [2, 4], -1), ("first dim", [4, 3], 0), ("middle dim", [2, 2, 3], 1)):
        x = Source(f"glu {note}").fine(shape)
        yield op_row("glu", call(F.glu, dim), {"x": x}, {"dim": dim}, note)
        x = Source(f"softmin {note}").fine(shape)
        yield op_row("softmin", call(F.softmin, dim=dim), {"x": x}, {"dim": dim}, note)
    for note, shape, count in (
        ("one slope", [2, 3], 1),
        ("a slope for each channel", [2, 3], 3),
        ("3-D", [2, 3, 2], 3),
        ("1-D", [4], 1),
    ):
        s = Source(f"prelu {note}")
        inputs = {"x": s.fine(shape), "weight": s.fine([count], 0.1, 0.9)}

        def f(x, weight):
            return F.prelu(x, weight)

        yield op_row("prelu", f, inputs, {}, note)
    for note, a, b, options in (
        ("2-D", [3, 4], [3, 4], {}),
        ("broadcast", [2, 3, 4], [1, 4], {"dim": -1}),
        ("first dim", [3, 4], [3, 4], {"dim": 0, "eps": 0.1}),
    ):
        s = Source(f"cosineSimilarity {note}")

        def f(a, b, options=options):
            return F.cosine_similarity(a, b, **options)

        yield op_row("cosineSimilarity", f, {"a": s.fine(a), "b": s.fine(b)}, options, note)
    for note, a, b, options in (
        ("2-D", [3, 4], [3, 4], {}),
        ("broadcast", [2, 3, 4], [1, 4], {"p": 3}),
        ("keepdim", [4], [4], {"keepdim": True, "eps": 0}),
    ):
        s = Source(f"pairwiseDistance {note}")

        def f(a, b, options=options):
            return F.pairwise_distance(a, b, **options)

        yield op_row("pairwiseDistance", f, {"a": s.fine(a), "b": s.fine(b)}, options, note)

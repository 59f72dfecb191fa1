"""Reductions over dims, and softmax, which normalises along one."""

import torch

from row import Source, bools, full, op_row

NAN, INF = float("nan"), float("inf")


def all_dims(x, dim):
    if dim is None:
        return tuple(range(x.dim()))
    return (dim,) if isinstance(dim, int) else tuple(dim)


def logsumexp(x, dim=None, keepdim=False):
    return torch.logsumexp(x, all_dims(x, dim), keepdim)


def amax(x, dim=None, keepdim=False):
    return torch.amax(x, all_dims(x, dim), keepdim)


def amin(x, dim=None, keepdim=False):
    return torch.amin(x, all_dims(x, dim), keepdim)


def sum_(x, dim=None, keepdim=False):
    return torch.sum(x, all_dims(x, dim), keepdim)


def mean(x, dim=None, keepdim=False):
    return torch.mean(x, all_dims(x, dim), keepdim)


REDUCTIONS = {"sum": sum_, "mean": mean, "amax": amax, "amin": amin, "logsumexp": logsumexp}

# note, shape, options
CASES = [
    ("all of an odd size", [17], {}),
    ("all", [2, 3], {}),
    ("all, keepdim", [2, 3], {"keepdim": True}),
    ("first dim", [3, 5], {"dim": 0}),
    ("last dim", [3, 5], {"dim": 1}),
    ("negative dim", [2, 3], {"dim": -1}),
    ("negative dim, keepdim", [2, 3], {"dim": -2, "keepdim": True}),
    ("middle dim", [2, 3, 2], {"dim": 1}),
    ("two dims apart", [2, 3, 2], {"dim": [0, 2]}),
    ("two dims, negative, out of order", [2, 3, 2], {"dim": [-1, 1]}),
    ("two dims, keepdim", [2, 3, 2], {"dim": [0, 1], "keepdim": True}),
    ("every dim by name", [2, 3], {"dim": [0, 1]}),
    ("0-d", [], {}),
    ("size 1", [1], {"dim": 0}),
    ("a dim of size 1", [3, 1], {"dim": 1}),
    ("empty, the other dim", [0, 3], {"dim": 1}),
]

EXTREMES = [
    [1, NAN, 2],
    [INF, 1, 2],
    [-INF, 1, 2],
    [INF, -INF, 1],
    [1e300, 1e300, -1e300],
    [1e-300, 1e-300, 0],
    [-INF, -INF, -INF],
]


def reductions():
    for op, f in REDUCTIONS.items():
        for note, shape, options in CASES:

            def g(x, f=f, options=options):
                return f(x, **options)

            x = Source(f"{op} {note}").fine(shape)
            yield op_row(op, g, {"x": x}, options, note)

        def along(x, f=f):
            return f(x, 1)

        yield op_row(op, along, {"x": full(EXTREMES)}, {"dim": 1}, "extreme values", wrt=[])
        yield from at_kinks(op, f)
    for op, f in REDUCTIONS.items():
        if op in ("amax", "amin"):
            continue  # of nothing: PyTorch refuses
        for note, options in [("empty, the empty dim", {"dim": 0}), ("empty, all", {})]:

            def g(x, f=f, options=options):
                return f(x, **options)

            yield op_row(op, g, {"x": torch.zeros(0, 3)}, options, note, wrt=[])


def at_kinks(op, f):
    def along(x):
        return f(x, 1)

    def total(x):
        return f(x)

    if op in ("amax", "amin"):
        ties = full([[1, 3, 3], [2, 2, 2], [0, -1, -1]])
        yield op_row(op, along, {"x": ties}, {"dim": 1}, "ties")
        yield op_row(op, total, {"x": full([[4, 4], [-1, -1], [0, 4]])}, {}, "ties over all")
    if op == "logsumexp":
        large = full([[1000, 1000, 999], [-1000, -1001, -1000], [-800, 0, 800]])
        yield op_row(op, along, {"x": large}, {"dim": 1}, "large and small values")


def arguments():
    for op, f in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        for note, x, options in [
            ("all of an odd size", Source(f"{op} 17").fine([17]), {}),
            ("all", Source(f"{op} all").fine([3, 5]), {}),
            ("all, keepdim", Source(f"{op} keepdim").fine([2, 3]), {"keepdim": True}),
            ("first dim", Source(f"{op} 0").fine([3, 5]), {"dim": 0}),
            ("last dim", Source(f"{op} 1").fine([3, 5]), {"dim": 1}),
            ("negative dim, keepdim", Source(f"{op} -1").fine([2, 3, 2]), {"dim": -1, "keepdim": True}),
            ("middle dim", Source(f"{op} m").fine([2, 3, 2]), {"dim": 1}),
            ("ties give the first", full([[1, 3, 3], [2, 2, 2], [0, -1, -1]]), {"dim": 1}),
            ("ties over all give the first", full([[0, 4], [-1, 4], [-1, 0]]), {}),
            ("0-d", full(2.5), {}),
            ("size 1", full([7]), {"dim": 0}),
            ("empty, the other dim", torch.zeros(0, 3), {"dim": 1}),
            (
                "extreme values",
                full([[1, INF, 2], [-INF, INF, 0], [INF, INF, INF], [-INF, -INF, -INF], [0.0, -0.0, 0.0]]),
                {"dim": 1},
            ),
            ("NaN", full([[1, NAN, INF], [NAN, NAN, 0], [-INF, 1, NAN]]), {"dim": 1}),
        ]:

            def g(x, f=f, options=options):
                return f(x, dim=options.get("dim"), keepdim=options.get("keepdim", False))

            yield op_row(op, g, {"x": x}, options, note, wrt=[])


def truths():
    def reduced(f, x, dim=None, keepdim=False):
        return f(x, all_dims(x, dim), keepdim)

    for op, f in {"any": torch.any, "all": torch.all}.items():
        for note, x, options in [
            ("mixed", bools([[True, False, True], [False, False, False], [True, True, True]]), {"dim": 1}),
            ("first dim", Source(f"{op} 0").mask([2, 7]), {"dim": 0}),
            ("over all", Source(f"{op} all").mask([3, 3]), {}),
            ("all true", bools([[True] * 17]), {}),
            ("all false", bools([[False] * 17]), {}),
            ("negative dim, keepdim", Source(f"{op} k").mask([2, 3, 2]), {"dim": -1, "keepdim": True}),
            ("two dims", Source(f"{op} 2").mask([2, 3, 2]), {"dim": [0, 2]}),
            ("0-d", bools(True), {}),
            ("empty, all", torch.zeros(0, 3).bool(), {}),
            ("empty, the empty dim", torch.zeros(0, 3).bool(), {"dim": 0}),
        ]:

            def g(x, f=f, options=options):
                return reduced(f, x, **options)

            yield op_row(op, g, {"x": x}, options, note, wrt=[])


def softmaxes():
    for op, f in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}.items():

        def g(x, dim, f=f):
            return f(x, dim)

        for note, x, dim in [
            ("odd size", Source(f"{op} 17").fine([17]), 0),
            ("last dim", Source(f"{op} 1").fine([3, 5]), 1),
            ("first dim", Source(f"{op} 0").fine([3, 2]), 0),
            ("negative dim", Source(f"{op} -1").fine([2, 3]), -1),
            ("middle dim", Source(f"{op} m").fine([2, 3, 2]), 1),
            ("negative middle dim", Source(f"{op} -m").fine([2, 3, 2]), -2),
            ("size 1", full([[2.5], [-1]]), 1),
            ("equal values", full([[3, 3, 3]]), 1),
            ("large and small values", full([[1000, 0, -1000], [-1000, -1001, -999], [745, 0, 1]]), 1),
            ("empty", torch.zeros(0, 3), 1),
            ("empty dim", torch.zeros(2, 0), 1),
        ]:

            def along(x, dim=dim):
                return g(x, dim)

            yield op_row(op, along, {"x": x}, {"dim": dim}, note)

        def last(x):
            return g(x, 1)

        extreme = full([[-INF, 0, 1], [INF, 0, 1], [NAN, 0, 1], [1e300, -1e300, 0], [-INF, -INF, 0]])
        yield op_row(op, last, {"x": extreme}, {"dim": 1}, "extreme values", wrt=[])
        nothing = full([[-INF, -INF, -INF]])
        yield op_row(op, last, {"x": nothing}, {"dim": 1}, "nothing to choose", wrt=[])


def rows():
    yield from reductions()
    yield from arguments()
    yield from truths()
    yield from softmaxes()

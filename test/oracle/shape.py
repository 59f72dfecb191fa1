"""Ops that move values and compute none."""

import torch

from row import Source, full, op_row

NAN, INF = float("nan"), float("inf")


def squeeze(x, dim=None):
    if dim is None:
        return torch.squeeze(x)
    return torch.squeeze(x, dim if isinstance(dim, int) else tuple(dim))


def flatten(x, startDim=0, endDim=-1):
    return torch.flatten(x, startDim, endDim)


def reshape(x, shape):
    return torch.reshape(x, shape)


def permute(x, dims):
    return torch.permute(x, dims)


def transpose(x, dim0, dim1):
    return torch.transpose(x, dim0, dim1)


def expand(x, shape):
    return x.expand(shape)


def unsqueeze(x, dim):
    return torch.unsqueeze(x, dim)


# op, function, rows of: note, shape of x, options
CASES = [
    (
        "reshape",
        reshape,
        [
            ("2-D to 2-D", [2, 6], {"shape": [3, 4]}),
            ("a size to infer", [2, 6], {"shape": [4, -1]}),
            ("to 1-D", [3, 7], {"shape": [21]}),
            ("1-D to 3-D", [12], {"shape": [2, 1, 6]}),
            ("0-d to size 1", [], {"shape": [1, 1]}),
            ("size 1 to 0-d", [1], {"shape": []}),
            ("empty", [0, 3], {"shape": [3, 0, 2]}),
        ],
    ),
    (
        "flatten",
        flatten,
        [
            ("all", [2, 3, 2], {}),
            ("from dim 1", [2, 3, 2], {"startDim": 1}),
            ("to dim 1", [2, 3, 2], {"endDim": 1}),
            ("one dim only", [2, 3, 2], {"startDim": 1, "endDim": 1}),
            ("negative dims", [1, 2, 3, 2], {"startDim": -3, "endDim": -2}),
            ("images", [1, 3, 2, 4], {"startDim": 1}),
            ("1-D", [7], {}),
            ("0-d gives 1-D", [], {}),
            ("empty", [0, 3, 2], {"startDim": 1}),
        ],
    ),
    (
        "permute",
        permute,
        [
            ("2-D", [3, 7], {"dims": [1, 0]}),
            ("3-D, a cycle", [2, 3, 4], {"dims": [2, 0, 1]}),
            ("negative dims", [2, 3, 4], {"dims": [-1, 1, -3]}),
            ("identity", [2, 3], {"dims": [0, 1]}),
            ("4-D", [2, 1, 3, 2], {"dims": [0, 2, 3, 1]}),
            ("1-D", [3], {"dims": [0]}),
            ("0-d", [], {"dims": []}),
            ("empty", [0, 3], {"dims": [1, 0]}),
        ],
    ),
    (
        "transpose",
        transpose,
        [
            ("2-D", [3, 7], {"dim0": 0, "dim1": 1}),
            ("3-D, ends", [2, 3, 2], {"dim0": 0, "dim1": 2}),
            ("negative dims", [2, 3, 2], {"dim0": -1, "dim1": -2}),
            ("a dim with itself", [2, 3], {"dim0": 1, "dim1": 1}),
            ("size 1", [1, 3], {"dim0": 0, "dim1": 1}),
            ("empty", [0, 3], {"dim0": 0, "dim1": 1}),
        ],
    ),
    (
        "expand",
        expand,
        [
            ("leading dim", [3], {"shape": [2, 3]}),
            ("column", [2, 1], {"shape": [2, 3]}),
            ("sizes kept by -1", [2, 1], {"shape": [4, -1, 3]}),
            ("middle dim", [2, 1, 3], {"shape": [2, 2, 3]}),
            ("0-d", [], {"shape": [2, 3]}),
            ("0-d to 0-d", [], {"shape": []}),
            ("size 1", [1, 1], {"shape": [7, 1]}),
            ("same shape", [2, 3], {"shape": [2, 3]}),
            ("size 1 to empty", [1], {"shape": [0]}),
            ("empty", [0, 1], {"shape": [0, 3]}),
        ],
    ),
    (
        "squeeze",
        squeeze,
        [
            ("every size 1", [1, 3, 1, 2], {}),
            ("one dim", [1, 3, 1], {"dim": 0}),
            ("negative dim", [1, 3, 1], {"dim": -1}),
            ("two dims", [1, 3, 1], {"dim": [0, 2]}),
            ("a dim that is not of size 1 stays", [2, 3], {"dim": 0}),
            ("to 0-d", [1, 1], {}),
            ("0-d", [], {}),
            ("empty", [0, 1], {"dim": 1}),
        ],
    ),
    (
        "unsqueeze",
        unsqueeze,
        [
            ("first", [2, 3], {"dim": 0}),
            ("middle", [2, 3], {"dim": 1}),
            ("last", [2, 3], {"dim": -1}),
            ("negative, first", [2, 3], {"dim": -3}),
            ("0-d", [], {"dim": 0}),
            ("empty", [0, 3], {"dim": 1}),
        ],
    ),
]


def rows():
    for op, f, cases in CASES:
        for note, shape, options in cases:

            def g(x, f=f, options=options):
                return f(x, **options)

            x = Source(f"{op} {note}").uniform(shape)
            yield op_row(op, g, {"x": x}, options, note)
    extreme = full([[NAN, INF, -INF], [-0.0, 1e300, 5e-324]])
    yield op_row("transpose", lambda x: x.T, {"x": extreme}, {"dim0": 0, "dim1": 1}, "extreme values", wrt=[])
    yield op_row(
        "expand", lambda x: x.expand(2, 2, 3), {"x": extreme}, {"shape": [2, 2, 3]}, "extreme values", wrt=[]
    )

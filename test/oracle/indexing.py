"""Ops that read and write by index."""

import torch

from row import Source, full, ints, op_row

NAN, INF = float("nan"), float("inf")


def gather():
    # note, shape of x, index, dim
    for note, shape, index, dim in [
        ("1-D, repeated", [5], [4, 0, 4, 2, 4, 1, 0], 0),
        ("first dim", [3, 4], [[0, 2, 1, 1], [2, 2, 0, 1]], 0),
        ("last dim", [3, 4], [[3, 0], [1, 1], [2, 3]], 1),
        ("negative dim", [2, 3], [[0], [2]], -1),
        ("3-D, middle dim", [2, 3, 2], [[[0, 2]], [[1, 1]]], 1),
        ("size 1", [1], [0], 0),
        ("no index", [3], [], 0),
    ]:

        def f(x, index, dim=dim):
            return torch.gather(x, dim, index)

        inputs = {"x": Source(f"gather {note}").uniform(shape), "index": ints(index)}
        yield op_row("gather", f, inputs, {"dim": dim}, note)
    inputs = {"x": full([NAN, INF, -0.0]), "index": ints([2, 0, 1, 0])}
    yield op_row(
        "gather", lambda x, index: torch.gather(x, 0, index), inputs, {"dim": 0}, "extreme values", wrt=[]
    )


def read_part(src, index):
    """The part of src that index reaches. PyTorch has no gradient for a larger src, but slicing it has."""
    return src[tuple(slice(size) for size in index.shape)]


def scatter_add():
    # note, shape of x, index, shape of src, dim
    for note, shape, index, src, dim in [
        ("1-D, repeated", [5], [4, 0, 4, 2, 4, 1, 0], [7], 0),
        ("first dim", [3, 4], [[0, 2, 1, 1], [0, 2, 0, 1]], [2, 4], 0),
        ("last dim, repeated", [3, 4], [[3, 3], [1, 0], [2, 2]], [3, 2], 1),
        ("negative dim", [2, 3], [[0], [2]], [2, 1], -1),
        ("3-D, middle dim", [2, 3, 2], [[[0, 2]], [[1, 1]]], [2, 1, 2], 1),
        ("size 1", [1], [0], [1], 0),
        ("no index", [3], [], [0], 0),
    ]:

        def f(x, index, src, dim=dim):
            return torch.scatter_add(x, dim, index, read_part(src, index))

        s = Source(f"scatterAdd {note}")
        inputs = {"x": s.uniform(shape), "index": ints(index), "src": s.uniform(src)}
        yield op_row("scatterAdd", f, inputs, {"dim": dim}, note)
    # PyTorch's gradient is of an index that names no place twice.
    for note, shape, index, dim in [
        ("1-D", [5], [4, 0, 2], 0),
        ("first dim", [3, 4], [[0, 2, 1, 1], [2, 0, 0, 2]], 0),
        ("last dim, negative", [3, 4], [[3, 0], [1, 0], [2, 3]], -1),
        ("3-D, middle dim", [2, 3, 2], [[[0, 2]], [[1, 1]]], 1),
        ("size 1", [1], [0], 0),
        ("no index", [3], [], 0),
    ]:

        def f(x, index, src, dim=dim):
            return torch.scatter(x, dim, index, src)

        s = Source(f"scatter {note}")
        index = ints(index)
        inputs = {"x": s.uniform(shape), "index": index, "src": s.uniform(list(index.shape))}
        yield op_row("scatter", f, inputs, {"dim": dim}, note)
    inputs = {"x": full([NAN, 1, INF, 2]), "index": ints([2, 0, 1]), "src": full([-INF, NAN, 1e300])}
    f = lambda x, index, src: torch.scatter(x, 0, index, src)
    yield op_row("scatter", f, inputs, {"dim": 0}, "extreme values", wrt=[])
    inputs = {"x": full([0.0, 1, INF, 2]), "index": ints([2, 0, 1]), "src": full([-INF, NAN, 1e300])}
    f = lambda x, index, src: torch.scatter_add(x, 0, index, src)
    yield op_row("scatterAdd", f, inputs, {"dim": 0}, "extreme values", wrt=[])


def index_select():
    # note, shape of x, index, dim
    for note, shape, index, dim in [
        ("1-D, repeated", [5], [4, 0, 4, 2, 4, 1, 0], 0),
        ("rows", [4, 3], [2, 0, 2], 0),
        ("columns", [3, 4], [3, 1], 1),
        ("negative dim", [2, 3], [2, 2, 0, 1], -1),
        ("3-D, middle dim", [2, 3, 2], [2, 0], 1),
        ("size 1", [1, 1], [0], 0),
        ("no index", [3, 2], [], 0),
        ("empty other dim", [3, 0], [1, 1], 0),
    ]:

        def f(x, index, dim=dim):
            return torch.index_select(x, dim, index)

        inputs = {"x": Source(f"indexSelect {note}").uniform(shape), "index": ints(index)}
        yield op_row("indexSelect", f, inputs, {"dim": dim}, note)


def index_add():
    # note, shape of x, index, shape of src, dim
    for note, shape, index, src, dim in [
        ("1-D, repeated", [5], [4, 0, 4, 2, 4, 1, 0], [7], 0),
        ("rows, repeated", [4, 3], [2, 0, 2], [3, 3], 0),
        ("columns", [3, 4], [3, 1], [3, 2], 1),
        ("negative dim", [2, 3], [2, 2, 0, 1], [2, 4], -1),
        ("3-D, middle dim", [2, 3, 2], [2, 0], [2, 2, 2], 1),
        ("size 1", [1, 1], [0], [1, 1], 0),
        ("no index", [3, 2], [], [0, 2], 0),
    ]:

        def f(x, index, src, dim=dim):
            return torch.index_add(x, dim, index, src)

        s = Source(f"indexAdd {note}")
        inputs = {"x": s.uniform(shape), "index": ints(index), "src": s.uniform(src)}
        yield op_row("indexAdd", f, inputs, {"dim": dim}, note)


def one_hot():
    for note, index, classes in [
        ("1-D", [2, 0, 4, 2], 5),
        ("2-D", [[0, 1, 2], [2, 2, 0]], 3),
        ("0-d", 1, 3),
        ("one class", [0, 0], 1),
        ("empty", [], 3),
    ]:

        def f(index, classes=classes):
            return torch.nn.functional.one_hot(index, classes)

        yield op_row("oneHot", f, {"index": ints(index)}, {"numClasses": classes}, note, wrt=[])


def rows():
    yield from gather()
    yield from scatter_add()
    yield from index_select()
    yield from index_add()
    yield from one_hot()

"""Modules by the arguments of their constructors: state, outputs of calls in a row, gradients, state behind them."""

import torch
from torch import nn

from modules import fill
from row import F64, Source, full, ints


def layer(name, note, arguments, module, inputs, state=None, training=True, calls=1):
    """Inputs: shapes for random ones, or tensors. The same inputs in each of the calls, doubled each time."""
    s = Source(f"layer {name} {note}")
    module = module.double()  # the table above is made before float64 is the default
    fill(module, s)
    module.load_state_dict(state or {}, strict=False)
    module.train(training)
    xs = {k: v if isinstance(v, torch.Tensor) else s.fine(v) for k, v in inputs.items()}
    before = {k: v.detach().clone() for k, v in module.state_dict().items()}
    parameters = dict(module.named_parameters())
    ys = []
    for call in range(calls):
        leaves = {k: (x * 2**call).requires_grad_() if x.dtype == F64 else x for k, x in xs.items()}
        y = module(*leaves.values())
        ys.append(y.detach())
    dy = s.uniform(y.shape, -1, 1)
    moving = {k: x for k, x in leaves.items() if x.requires_grad} | parameters
    gradients = torch.autograd.grad(y, list(moving.values()), dy, materialize_grads=True) if moving else []
    return {
        "module": name,
        "note": note,
        "arguments": arguments,
        "training": training,
        "state": before,
        "inputs": xs,
        "ys": ys,
        "dy": dy,
        "gradients": dict(zip(moving, gradients)),
        "stateAfter": {k: v.detach().clone() for k, v in module.state_dict().items()},
    }


F = {"dtype": "float64"}


class Weighted(nn.EmbeddingBag):
    def forward(self, x, *others):
        *offsets, weights = others
        return super().forward(x, *offsets, per_sample_weights=weights)


def tables(index):
    padded = [5, 3, {"paddingIdx": 2, **F}]
    yield layer("Embedding", "padding", padded, nn.Embedding(5, 3, padding_idx=2), {"x": index})
    short = nn.Embedding(5, 3, max_norm=1.0, scale_grad_by_freq=True)
    yield layer("Embedding", "short rows", [5, 3, {"maxNorm": 1, "scaleGradByFreq": True, **F}], short, {"x": index})
    options = {"maxNorm": 2, "normType": 1, "paddingIdx": 2, **F}
    short = nn.Embedding(5, 3, max_norm=2.0, norm_type=1.0, padding_idx=2)
    yield layer("Embedding", "short rows by another norm", [5, 3, options], short, {"x": index})


def bags(index):
    # The second bag is empty, and so is the last; the third holds what is padding, twice, and a row twice.
    items, offsets = ints([0, 2, 2, 4, 4, 2]), ints([0, 2, 2, 6])
    for mode in ("sum", "mean", "max"):
        for note, options, own in (
            ("", {}, {}),
            (", padding", {"paddingIdx": 2}, {"padding_idx": 2}),
            (", last offset", {"includeLastOffset": True}, {"include_last_offset": True}),
        ):
            arguments = [5, 3, {"mode": mode, **options, **F}]
            make = lambda: nn.EmbeddingBag(5, 3, mode=mode, **own)
            yield layer("EmbeddingBag", f"{mode}, offsets{note}", arguments, make(), {"x": items, "offsets": offsets})
            if "includeLastOffset" not in options:
                yield layer("EmbeddingBag", f"{mode}{note}", arguments, make(), {"x": index})
    # Not scale_grad_by_freq: EmbeddingBag of PyTorch 2.13 divides by other rows' counts.
    short = nn.EmbeddingBag(5, 3, max_norm=1.0)
    yield layer("EmbeddingBag", "short rows", [5, 3, {"maxNorm": 1, **F}], short, {"x": index})
    arguments = [5, 3, {"mode": "sum", **F}]
    weights = {"x": index, "perSampleWeights": [2, 3]}
    yield layer("EmbeddingBag", "weighted", arguments, Weighted(5, 3, mode="sum"), weights)
    weights = {"x": items, "offsets": offsets, "perSampleWeights": [6]}
    yield layer("EmbeddingBag", "offsets, weighted", arguments, Weighted(5, 3, mode="sum"), weights)


# name, Thalweg's arguments, PyTorch's module; all of x [3, 4] alone.
POINTWISE = [
    ("LeakyReLU", [], nn.LeakyReLU()),
    ("LeakyReLU", [0.3], nn.LeakyReLU(0.3)),
    ("ReLU6", [], nn.ReLU6()),
    ("ELU", [1.5], nn.ELU(1.5)),
    ("CELU", [], nn.CELU()),
    ("SELU", [], nn.SELU()),
    ("GELU", [], nn.GELU()),
    ("GELU", [{"approximate": "tanh"}], nn.GELU("tanh")),
    ("SiLU", [], nn.SiLU()),
    ("Mish", [], nn.Mish()),
    ("LogSigmoid", [], nn.LogSigmoid()),
    ("Hardswish", [], nn.Hardswish()),
    ("Hardtanh", [], nn.Hardtanh()),
    ("Hardtanh", [-0.5, 0.75], nn.Hardtanh(-0.5, 0.75)),
    ("Tanhshrink", [], nn.Tanhshrink()),
    ("Hardshrink", [], nn.Hardshrink()),
    ("Softshrink", [0.25], nn.Softshrink(0.25)),
    ("Softplus", [], nn.Softplus()),
    ("Softplus", [{"beta": 2, "threshold": 3}], nn.Softplus(2, 3)),
    ("Softsign", [], nn.Softsign()),
    ("Threshold", [0.5, -2], nn.Threshold(0.5, -2)),
    ("GLU", [], nn.GLU()),
    ("GLU", [1], nn.GLU(1)),
    ("Softmax", [], nn.Softmax(-1)),
    ("Softmax", [0], nn.Softmax(0)),
    ("Softmin", [], nn.Softmin(-1)),
    ("LogSoftmax", [0], nn.LogSoftmax(0)),
    ("PReLU", [F], nn.PReLU()),
    ("PReLU", [{"numParameters": 4, **F}], nn.PReLU(4)),
    ("Identity", [], nn.Identity()),
    ("LayerNorm", [4, F], nn.LayerNorm(4)),
    ("LayerNorm", [[3, 4], {"eps": 0.1, **F}], nn.LayerNorm([3, 4], eps=0.1)),
    ("LayerNorm", [4, {"bias": False, **F}], nn.LayerNorm(4, bias=False)),
    ("LayerNorm", [4, {"elementwiseAffine": False, **F}], nn.LayerNorm(4, elementwise_affine=False)),
    ("RMSNorm", [4, F], nn.RMSNorm(4)),
    ("RMSNorm", [4, {"eps": 0.1, "elementwiseAffine": False, **F}], nn.RMSNorm(4, 0.1, False)),
    ("GroupNorm", [2, 4, F], nn.GroupNorm(2, 4)),
    ("GroupNorm", [4, 4, {"affine": False, "eps": 0.01, **F}], nn.GroupNorm(4, 4, 0.01, False)),
    ("GroupNorm", [2, 4, {"bias": False, **F}], nn.GroupNorm(2, 4, bias=False)),
]


def batch_norm():
    state = {
        "running_mean": full([0.5, -1, 2]),
        "running_var": full([1.5, 0.25, 3]),
        "num_batches_tracked": torch.tensor(4),
    }
    for note, shape in (("2-D", [5, 3]), ("3-D", [2, 3, 4])):
        for mode in (True, False):
            name = f"{note}, {'training' if mode else 'evaluation'}"
            module = nn.BatchNorm1d(3)
            yield layer("BatchNorm1d", name, [3, F], module, {"x": shape}, state, mode, calls=3 if mode else 1)
    for note, options, module in (
        ("the average of all batches", {"momentum": None}, nn.BatchNorm1d(3, momentum=None)),
        ("another momentum, no affine", {"momentum": 0.5, "affine": False}, nn.BatchNorm1d(3, momentum=0.5, affine=False)),
        ("no bias", {"bias": False}, nn.BatchNorm1d(3, bias=False)),
        ("no running statistics", {"trackRunningStats": False, "eps": 0.1}, nn.BatchNorm1d(3, 0.1, track_running_stats=False)),
    ):
        for mode in (True, False):
            name = f"{note}, {'training' if mode else 'evaluation'}"
            yield layer("BatchNorm1d", name, [3, {**options, **F}], module, {"x": [5, 3]}, None, mode, calls=2 if mode else 1)


def rows():
    for name, arguments, module in POINTWISE:
        yield layer(name, str(arguments), arguments, module, {"x": [3, 4]})
    yield layer("GroupNorm", "3-D", [2, 4, F], nn.GroupNorm(2, 4), {"x": [2, 4, 3]})
    yield layer("PReLU", "3-D", [{"numParameters": 3, **F}], nn.PReLU(3), {"x": [2, 3, 2]})
    yield layer("RReLU", "evaluation", [], nn.RReLU(), {"x": [3, 4]}, training=False)
    for name, module in (("Dropout", nn.Dropout()), ("AlphaDropout", nn.AlphaDropout())):
        yield layer(name, "evaluation", [], module, {"x": [3, 4]}, training=False)
    yield layer("Unflatten", "dim 1", [1, [2, 3]], nn.Unflatten(1, [2, 3]), {"x": [2, 6]})
    yield from batch_norm()
    for bias in (True, False):
        arguments = [2, 3, 4, {"bias": bias, **F}]
        for note, front in (("2-D", [5]), ("1-D", []), ("3-D", [2, 2])):
            inputs = {"x0": [*front, 2], "x1": [*front, 3]}
            yield layer("Bilinear", f"{note}, bias {bias}", arguments, nn.Bilinear(2, 3, 4, bias), inputs)
    index = ints([[0, 2, 2], [4, 1, 2]])
    yield layer("Embedding", "2-D", [5, 3, F], nn.Embedding(5, 3), {"x": index})
    yield from tables(index)
    yield from bags(index)
    for note, arguments, module, shapes in (
        ("by default", [], nn.CosineSimilarity(), ([3, 4], [3, 4])),
        ("dim 0", [{"dim": 0}], nn.CosineSimilarity(0), ([3, 4], [3, 4])),
        ("broadcast", [{"dim": -1}], nn.CosineSimilarity(-1), ([2, 3, 4], [1, 4])),
        ("large eps", [{"eps": 3}], nn.CosineSimilarity(eps=3), ([3, 4], [3, 4])),
    ):
        yield layer("CosineSimilarity", note, arguments, module, {"x0": shapes[0], "x1": shapes[1]})
    for note, arguments, module in (
        ("by default", [], nn.PairwiseDistance()),
        ("p 1", [{"p": 1}], nn.PairwiseDistance(1)),
        ("p 3, keepdim", [{"p": 3, "keepdim": True}], nn.PairwiseDistance(3, keepdim=True)),
    ):
        yield layer("PairwiseDistance", note, arguments, module, {"x0": [3, 4], "x1": [3, 4]})

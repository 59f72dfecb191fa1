"""Modules: output, and the gradients of x and of each parameter. Names are those of PyTorch's state dict."""

import torch
from torch import nn

from row import Source, full


def fill(module, s, size=1):
    """Parameters of three decimals instead of PyTorch's random ones."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(s.fine(p.shape, -size, size))


def row(name, note, config, module, x=None, shape=None):
    s = Source(f"module {name} {note}")
    fill(module, s)
    x = (s.uniform(shape) if x is None else x).requires_grad_()
    y = module(x)
    dy = s.uniform(y.shape, -1, 1)
    parameters = dict(module.named_parameters())
    dx, *gradients = torch.autograd.grad(y, [x, *parameters.values()], dy)
    return {
        "module": name,
        "note": note,
        "config": config,
        # Copied: the next row may fill the same module with other parameters.
        "parameters": {k: p.detach().clone() for k, p in parameters.items()},
        "x": x,
        "y": y,
        "dy": dy,
        "dx": dx,
        "gradients": dict(zip(parameters, gradients)),
    }


def linear():
    for bias in (True, False):
        config = {"inFeatures": 3, "outFeatures": 5, "bias": bias}
        for note, shape in [
            ("x 1-D", [3]),
            ("x 2-D", [4, 3]),
            ("x 3-D", [2, 2, 3]),
            ("one sample", [1, 3]),
            ("no samples", [0, 3]),
        ]:
            note = note if bias else f"{note}, no bias"
            yield row("Linear", note, config, nn.Linear(3, 5, bias=bias), shape=shape)
    yield row(
        "Linear",
        "17 to 1",
        {"inFeatures": 17, "outFeatures": 1, "bias": True},
        nn.Linear(17, 1),
        shape=[2, 17],
    )
    yield row(
        "Linear", "1 to 7", {"inFeatures": 1, "outFeatures": 7, "bias": True}, nn.Linear(1, 7), shape=[3, 1]
    )


def without_parameters():
    for name, module in [("ReLU", nn.ReLU), ("Tanh", nn.Tanh), ("Sigmoid", nn.Sigmoid)]:
        for note, shape in [("2-D", [3, 7]), ("0-d", []), ("no samples", [0, 2])]:
            yield row(name, note, {}, module(), shape=shape)
        yield row(name, "zero, large and small", {}, module(), x=full([0, 800, -800, 20, -20]))
    yield row("Flatten", "by default from dim 1", {}, nn.Flatten(), shape=[2, 3, 2])
    yield row("Flatten", "images", {}, nn.Flatten(), shape=[2, 3, 2, 4])
    yield row("Flatten", "dims given", {"startDim": 0, "endDim": -2}, nn.Flatten(0, -2), shape=[2, 3, 2])
    yield row("Flatten", "no samples", {}, nn.Flatten(), shape=[0, 3, 2])


def affine(n, m):
    return {"module": "Linear", "config": {"inFeatures": n, "outFeatures": m, "bias": True}}


def plain(name):
    return {"module": name, "config": {}}


# The lecture's 3×10×20 → 60 → 40 → 10, made small: 3×2×4 → 6 → 4 → 3.
LECTURE = [plain("Flatten"), affine(24, 6), plain("ReLU"), affine(6, 4), plain("ReLU"), affine(4, 3)]


def lecture_network():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(24, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3)
    )


def sequential():
    config = {"modules": [affine(3, 4), plain("Tanh"), affine(4, 2), plain("Sigmoid")]}
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Sigmoid())
    yield row("Sequential", "Linear, Tanh, Linear, Sigmoid", config, module, shape=[5, 3])
    yield row("Sequential", "Linear, Tanh, Linear, Sigmoid; one 1-D sample", config, module, shape=[3])
    for note, batch in [("the lecture's network", 3), ("the lecture's network, one sample", 1)]:
        yield row("Sequential", note, {"modules": LECTURE}, lecture_network(), shape=[batch, 3, 2, 4])


def nearest_neighbour():
    """argmin_k ‖x − w_k‖², x [B, D], weight [K, D] → int32 [B]. Eighths: the distances, and so the ties, are exact."""
    s = Source("nearest neighbour")
    cases = [
        ("random", s.uniform([5, 3]), s.uniform([7, 3])),
        (
            "ties give the first",
            full([[1, 0], [-1, 0], [0, 1], [1, 0]]),
            full([[0, 0], [1, 0], [2, 0], [0, 2], [-3, 1]]),
        ),
        ("one point", full([[0.5, 0.25]]), full([[1, 2], [3, -4]])),
        ("a large offset", full([[1e8, 0], [1e8, 1]]), full([[1e8, 0.125], [1e8, 0.875], [1e8, 0.5]])),
        ("no samples", full([[1, 2], [3, 4]]), torch.zeros(0, 2)),
    ]
    for note, weight, x in cases:
        distances = (x[:, None, :] - weight[None, :, :]).square().sum(2)
        yield {
            "module": "NearestNeighbour",
            "note": note,
            "config": {"points": weight.shape[0], "features": weight.shape[1]},
            "parameters": {"weight": weight},
            "x": x,
            "y": distances.argmin(1),
        }


def rows():
    return [*linear(), *without_parameters(), *sequential(), *nearest_neighbour()]

"""Costs C(y, target) with the three reductions.

dloss is the cotangent of the loss: random for "none", 1 (as in loss.backward()) for "mean" and "sum".
"""

import torch
import torch.nn.functional as F

from row import F64, Source, derivatives, full, ints

NAN, INF = float("nan"), float("inf")
REDUCTIONS = ("none", "mean", "sum")


def squared_error(y, target, reduction):
    """Per sample ‖y − target‖²: the sum over all dims but the first."""
    per_sample = (y - target).square().flatten(1).sum(1) if y.dim() > 1 else (y - target).square()
    return {"none": per_sample, "mean": per_sample.mean(), "sum": per_sample.sum()}[reduction]


def cross_entropy(y, target, reduction):
    return F.cross_entropy(y, target, reduction=reduction)


def row(cost, f, note, inputs, reduction, differentiable=True):
    def g(y, target):
        return f(y, target, reduction)

    out = {
        "cost": cost,
        "note": note,
        "options": {"reduction": reduction},
        "inputs": inputs,
        "loss": g(**inputs),
    }
    if not differentiable:
        return out
    one = None if reduction == "none" else torch.ones((), dtype=F64)
    d = derivatives(g, inputs, f"{cost} {note} {reduction}", cotangent=one)
    return out | {"dloss": d["dy"], **{k: d[k] for k in ("gradients", "tangents", "jvp", "hvp")}}


def squared_errors():
    for note, shape in [
        ("2-D", [5, 3]),
        ("3-D", [2, 3, 2]),
        ("1-D: one number a sample", [7]),
        ("one sample", [1, 3]),
        ("size 1", [1, 1]),
        ("odd size", [3, 7]),
    ]:
        for reduction in REDUCTIONS:
            s = Source(f"squaredError {note}")
            yield row(
                "squaredError",
                squared_error,
                note,
                {"y": s.uniform(shape), "target": s.uniform(shape)},
                reduction,
            )
    for reduction in REDUCTIONS:
        y = full([[1, -2], [0.5, 0.25]])
        yield row("squaredError", squared_error, "equal", {"y": y, "target": y.clone()}, reduction)
        large = {"y": full([[1e200, 0], [1e150, 1]]), "target": full([[0, 0], [0, 0]])}
        yield row(
            "squaredError", squared_error, "overflow to Infinity", large, reduction, differentiable=False
        )


def cross_entropies():
    s = Source("crossEntropy")
    cases = [
        ("2-D", s.uniform([5, 3]), ints([0, 2, 1, 2, 0])),
        ("7 classes", s.uniform([3, 7]), ints([6, 0, 3])),
        ("one sample of a batch", s.uniform([1, 4]), ints([3])),
        ("single sample [C], 0-d target", s.uniform([4]), ints(2)),
        ("one class: loss 0", s.uniform([2, 1]), ints([0, 0])),
        ("equal logits", full([[3, 3, 3], [0, 0, 0]]), ints([0, 1])),
        (
            "large logits",
            full([[1000, -1000, 0], [1000, -1000, 0], [-800, -801, -802], [1e8, 0, 1]]),
            ints([0, 1, 2, 2]),
        ),
    ]
    for note, y, target in cases:
        for reduction in REDUCTIONS:
            yield row("crossEntropy", cross_entropy, note, {"y": y, "target": target}, reduction)
    masked = {"y": full([[-INF, 0, 1], [0.5, -INF, -INF]]), "target": ints([2, 0])}
    forbidden = {"y": full([[-INF, 0, 1], [0, 1, 2]]), "target": ints([0, 1])}
    broken = {"y": full([[NAN, 0, 1], [0, 1, 2], [INF, 0, 1]]), "target": ints([2, 1, 0])}
    for reduction in REDUCTIONS:
        yield row("crossEntropy", cross_entropy, "-Infinity off the target", masked, reduction)
        yield row(
            "crossEntropy",
            cross_entropy,
            "-Infinity at the target",
            forbidden,
            reduction,
            differentiable=False,
        )
        yield row("crossEntropy", cross_entropy, "NaN and Infinity", broken, reduction, differentiable=False)


def rows():
    return [*squared_errors(), *cross_entropies()]

"""Costs with their options and reductions: values, gradients, forward and second derivatives.

dloss is the cotangent of the loss: random for "none", 1 (as in loss.backward()) for the others.
"""

import torch

from nets import expression, named, numbers, tensors
from row import Source, derivatives


def all_derivatives(g, inputs, name, wrt, cotangent):
    """As `derivatives`; of the costs for which PyTorch has no forward mode, by two reverse passes, or one."""
    try:
        return derivatives(g, inputs, name, wrt, cotangent)
    except (NotImplementedError, RuntimeError) as error:
        assert "implemented" in str(error), error
    except AssertionError:
        pass  # binary cross-entropy: an ε in one mode and not in the other
    source = Source(f"{name} tangents")
    leaves = {k: x.detach().clone().requires_grad_(k in wrt) for k, x in inputs.items()}
    y = g(**leaves)
    dy = (source.uniform(y.shape, -1, 1) if cotangent is None else cotangent).clone().requires_grad_()
    v = {k: source.uniform(inputs[k].shape, -1, 1) for k in wrt}
    xs = [leaves[k] for k in wrt]
    gradients = torch.autograd.grad(y, xs, dy, create_graph=True)
    out = {"dy": dy, "gradients": dict(zip(wrt, gradients)), "tangents": v}
    s = sum((gradient * v[k]).sum() for k, gradient in zip(wrt, gradients))
    try:
        *hvp, jvp = torch.autograd.grad(s, [*xs, dy], materialize_grads=True)
    except (NotImplementedError, RuntimeError) as error:
        assert "implemented" in str(error), error
        return out
    return out | {"jvp": jvp, "hvp": dict(zip(wrt, hvp))}


def row(case):
    name, note, reduction = case["name"], case["note"], case["reduction"]
    # The same numbers for each reduction.
    s = Source(f"cost {name} {note} {case.get('options', {})}")
    inputs, weights = tensors(case["inputs"], s), tensors(case.get("tensors", {}), s)
    f = expression(case["torch"])
    options = named(f, numbers_in(case.get("options", {})) | weights)

    def g(**xs):
        return f(*xs.values(), reduction=reduction, **options)

    out = {"case": case, "inputs": inputs, "tensors": weights, "loss": g(**inputs)}
    if case.get("hasDerivatives") is False:
        return out
    wrt = [k for k, x in inputs.items() if x.is_floating_point() and k not in case["constants"]]
    one = None if reduction == "none" else torch.ones((), dtype=torch.float64)
    d = all_derivatives(g, inputs, f"{name} {note} {reduction}", wrt, one)
    return out | {"dloss": d["dy"], **{k: d[k] for k in ("gradients", "tangents", "jvp", "hvp") if k in d}}


def numbers_in(options):
    return {k: v if isinstance(v, str) else numbers(v) for k, v in options.items()}


def rows(cases):
    return [row(case) for case in cases]

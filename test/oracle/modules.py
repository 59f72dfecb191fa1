"""Modules: state before, outputs of calls in a row, gradients, state after. Names are those of PyTorch's state dict."""

import torch

from nets import called, expression, tensor, tensors
from row import Source


def fill(module, s, size=1):
    """Parameters of three decimals instead of PyTorch's random ones."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(s.fine(p.shape, -size, size))


def row(case):
    note = case.get("note") or str(case["arguments"])
    s = Source(f"layer {case['name']} {note}")
    module = called(expression(case["torch"]), case["arguments"]).double()
    fill(module, s)
    module.load_state_dict({k: tensor(v, s) for k, v in case["state"].items()}, strict=False)
    module.train(case["training"])
    inputs = tensors(case["inputs"], s)
    xs = {k: x for k, x in inputs.items() if x is not None}
    before = {k: v.detach().clone() for k, v in module.state_dict().items()}
    parameters = dict(module.named_parameters())
    ys = []
    # The same inputs in each of the calls, doubled each time.
    for call in range(case["calls"]):
        leaves = {k: (x * 2**call).requires_grad_() if x.is_floating_point() else x for k, x in xs.items()}
        y = module(*[leaves.get(k) for k in inputs])
        ys.append(y.detach())
    out = {"case": case, "note": note, "repr": repr(module), "state": before, "inputs": xs, "ys": ys}
    if y.is_floating_point():
        dy = s.uniform(y.shape, -1, 1)
        moving = {k: x for k, x in leaves.items() if x.requires_grad} | parameters
        gradients = torch.autograd.grad(y, list(moving.values()), dy, materialize_grads=True) if moving else []
        out |= {"dy": dy, "gradients": dict(zip(moving, gradients))}
    return out | {"stateAfter": {k: v.detach().clone() for k, v in module.state_dict().items()}}


def rows(cases):
    return [row(case) for case in cases]

"""50 steps of each optimizer on one small problem.

loss = Σ (tanh(x·w + b) − target)², x [5, 3], w [3, 2], b [2], target [5, 2]; the sum is over both dims.
losses[k] is the loss before step k + 1; after["3"] holds the parameters after three steps.
"""

import torch

from row import Source

STEPS = 50
SHOWN = (1, 2, 3, 10, 25, 50)

SGD = [
    ("plain", {"lr": 0.05}),
    ("momentum", {"lr": 0.02, "momentum": 0.9}),
    ("momentum and dampening", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    ("nesterov", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    ("weight decay", {"lr": 0.05, "weightDecay": 0.1}),
    ("maximize", {"lr": 0.05, "maximize": True}),
    ("momentum and weight decay", {"lr": 0.02, "momentum": 0.9, "weightDecay": 0.1}),
    (
        "momentum, dampening and weight decay",
        {"lr": 0.05, "momentum": 0.8, "dampening": 0.25, "weightDecay": 0.01},
    ),
    ("nesterov and weight decay", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1}),
    (
        "maximize, nesterov and weight decay",
        {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1, "maximize": True},
    ),
]
ADAM = [
    ("defaults", {}),
    ("lr", {"lr": 0.05}),
    ("betas and eps", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 0.001}),
    ("weight decay", {"lr": 0.05, "weightDecay": 0.1}),
    ("amsgrad", {"lr": 0.05, "betas": [0.9, 0.9], "amsgrad": True}),
    ("the same without amsgrad", {"lr": 0.05, "betas": [0.9, 0.9]}),
    ("maximize", {"lr": 0.05, "maximize": True}),
    (
        "amsgrad, weight decay and maximize",
        {"lr": 0.05, "betas": [0.9, 0.9], "amsgrad": True, "weightDecay": 0.1, "maximize": True},
    ),
]


def problem():
    s = Source("optimizers")
    return {
        "loss": "sum of (tanh(x·w + b) - target)^2 over both dims",
        "x": s.fine([5, 3]),
        "target": s.fine([5, 2], -0.9, 0.9),
        "parameters": {"w": s.fine([3, 2], -1, 1), "b": s.fine([2], -1, 1)},
    }


def torch_options(options):
    snake = {"weightDecay": "weight_decay"}
    return {snake.get(k, k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def trajectory(name, note, options, p, one_cycle=None):
    """With `one_cycle`, its largest rate, the learning rate and the momentum go through a cycle."""
    w, b = (p["parameters"][k].clone().requires_grad_() for k in ("w", "b"))
    if name == "Muon":  # of matrices alone
        optimizer = torch.optim.Muon([w], **torch_options(options))
    elif name == "LBFGS":
        optimizer = torch.optim.LBFGS([w, b], **torch_options(options))
    elif name == "SparseAdam":
        optimizer = torch.optim.SparseAdam([w, b], **torch_options(options))
    else:
        optimizer = getattr(torch.optim, name)([w, b], foreach=False, **torch_options(options))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, one_cycle, STEPS + 1) if one_cycle else None
    losses, after = [], {}
    for step in range(1, STEPS + 1):
        w.grad = b.grad = None
        loss = (torch.tanh(p["x"] @ w + b) - p["target"]).square().sum()
        loss.backward()
        if name == "SparseAdam":
            w.grad, b.grad = w.grad.to_sparse(1), b.grad.to_sparse(1)
        if name == "LBFGS":

            def closure():
                optimizer.zero_grad()
                value = (torch.tanh(p["x"] @ w + b) - p["target"]).square().sum()
                value.backward()
                return value

            optimizer.step(closure)
        else:
            optimizer.step()
        if schedule:
            schedule.step()
        losses.append(loss.item())
        if step in SHOWN:
            after[str(step)] = {"w": w.detach().clone(), "b": b.detach().clone()}
    row = {"optimizer": name, "note": note, "options": options, "losses": losses, "after": after}
    return row | ({"oneCycle": one_cycle} if one_cycle else {})


def document():
    p = problem()
    rows = [
        trajectory(name, note, options, p)
        for name, cases in (("SGD", SGD), ("Adam", ADAM))
        for note, options in cases
    ]
    # An option that changes nothing would prove nothing.
    ends = [tuple(row["after"]["50"]["w"].flatten().tolist()) for row in rows]
    assert len(set(ends)) == len(ends)
    return {"problem": p, "rows": rows}

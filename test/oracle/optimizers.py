"""Optimizers on one small problem: fifty steps, ten steps with each schedule, and their state dicts.

loss = Σ (tanh(x·w + b) − target)², x [5, 3], w [3, 2], b [2], target [5, 2]; the sum is over both dims.
losses[k] is the loss before step k + 1; after["3"] holds the parameters after three steps.
"""

import inspect
import warnings

import torch
from torch.optim import lr_scheduler as S

from nets import expression, moves_momentum, named
from row import Source

STEPS, SHOWN = 50, (1, 2, 3, 10, 25, 50)
# Of those with a schedule, which the tests stop after HALF and go on.
SHORT, HALF = 10, 5
FIGURES = [1, 0.9, 0.95, 0.92, 0.91, 0.9, 0.9, 0.5, 0.6, 0.6]
# The largest rate of the cycle through which `cycled` goes.
PEAK = 0.05


def problem():
    s = Source("optimizers")
    return {
        "loss": "sum of (tanh(x·w + b) - target)^2 over both dims",
        "x": s.fine([5, 3]),
        "target": s.fine([5, 2], -0.9, 0.9),
        "parameters": {"w": s.fine([3, 2], -1, 1), "b": s.fine([2], -1, 1)},
    }


class Run:
    """An optimizer on the problem; with `groups` b has a group of its own, with twice the learning rate."""

    def __init__(self, p, kind, options, groups=False):
        self.p, self.asks = p, kind.get("asks", {})
        self.w, self.b = (p["parameters"][k].clone().requires_grad_() for k in ("w", "b"))
        parameters = [self.w] if "matrices" in self.asks else [self.w, self.b]
        if groups and not self.asks.keys() & {"matrices", "closure"}:
            parameters = [{"params": [self.w]}, {"params": [self.b], "lr": 2 * options["lr"]}]
        twin = expression(kind["torch"])
        plain = {"foreach": False} if "foreach" in inspect.signature(twin).parameters else {}
        self.optimizer = twin(parameters, **named(twin, {**options, **plain}))

    def loss(self):
        self.w.grad = self.b.grad = None
        loss = (torch.tanh(self.p["x"] @ self.w + self.b) - self.p["target"]).square().sum()
        loss.backward()
        return loss

    def step(self):
        loss = self.loss().item()
        if "sparse" in self.asks:
            self.w.grad, self.b.grad = self.w.grad.to_sparse(1), self.b.grad.to_sparse(1)
        self.optimizer.step(self.loss) if "closure" in self.asks else self.optimizer.step()
        return loss

    def now(self):
        return {"w": self.w.detach().clone(), "b": self.b.detach().clone()}


def trajectory(p, kind, options, cycled=False):
    """With `cycled` the learning rate and the momentum go through a cycle."""
    run = Run(p, kind, options)
    schedule = S.OneCycleLR(run.optimizer, PEAK, STEPS + 1) if cycled else None
    losses, after = [], {}
    for step in range(1, STEPS + 1):
        losses.append(run.step())
        if schedule:
            schedule.step()
        if step in SHOWN:
            after[str(step)] = run.now()
    row = {"optimizer": kind["name"], "options": options, "losses": losses, "after": after}
    return row | ({"oneCycle": PEAK} if cycled else {})


def trajectories(p, kind):
    rows = [trajectory(p, kind, options) for options in kind["cases"]]
    # An option that changes nothing would prove nothing.
    ends = [str(row["after"]["50"]["w"].tolist()) for row in rows]
    assert len(set(ends)) == len(ends), f"{kind['name']}: two cases take the same steps"
    return rows + ([trajectory(p, kind, kind["cycled"], cycled=True)] if "cycled" in kind else [])


def made(schedule, optimizer):
    """PyTorch's schedule of an optimizer."""
    if "torch" in schedule:
        return expression(schedule["torch"])(optimizer)
    options = dict(schedule["options"])
    if "maxMomentum" in options and not moves_momentum(optimizer):
        options["cycleMomentum"] = False
    twin = expression(f"S.{schedule['name']}")
    return twin(optimizer, **named(twin, options))


def step(schedule, figure):
    schedule.step(figure) if isinstance(schedule, S.ReduceLROnPlateau) else schedule.step()


def scheduled(p, kind, schedule):
    run = Run(p, kind, kind["resumed"], groups=True)
    one = made(schedule, run.optimizer)
    for figure in FIGURES:
        run.step()
        step(one, figure)
    groups = run.optimizer.param_groups
    return {
        "optimizer": kind["name"],
        "scheduler": schedule["name"],
        "note": schedule["note"],
        "rates": [group["lr"] for group in groups],
        "momenta": [group["betas"][0] if "betas" in group else group.get("momentum") for group in groups],
        **run.now(),
    }


def copied(value):
    """A state dict as values of JSON: an optimizer goes on in the tensors of its own."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    return [copied(v) for v in value] if isinstance(value, (list, tuple)) else value


def state_dict(p, kind):
    """PyTorch's own state dict, from which the tests go on."""
    run = Run(p, kind, kind["resumed"], groups=True)
    for _ in range(HALF):
        run.step()
    half, state = run.now(), copied(run.optimizer.state_dict())
    for _ in range(SHORT - HALF):
        run.step()
    return {"optimizer": kind["name"], "half": half, "stateDict": state, "after": run.now()}


def document(kinds, schedules):
    warnings.simplefilter("ignore")
    # Muon rounds to bfloat16, whatever the precision of the weights: here it does not.
    torch.Tensor.bfloat16 = lambda self: self.clone()
    p = problem()
    return {
        "problem": p,
        "figures": FIGURES,
        "rows": [row for kind in kinds for row in trajectories(p, kind)],
        "runs": [scheduled(p, kind, schedule) for kind in kinds for schedule in schedules],
        "dicts": [state_dict(p, kind) for kind in kinds],
    }

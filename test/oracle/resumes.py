"""Ten steps of every optimizer with every schedule, and PyTorch's state dicts of optimizers after five.

The problem is that of optimizers.py, w and b in groups of their own. The tests stop after five steps and go on.
"""

import warnings

import torch
from torch.optim import lr_scheduler as S

import descents
import optimizers

STEPS = 10
HALF = 5
FIGURES = [1, 0.9, 0.95, 0.92, 0.91, 0.9, 0.9, 0.5, 0.6, 0.6]

# Of w; b has twice the learning rate.
OPTIMIZERS = {
    "SGD": {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.01},
    "Adam": {"lr": 0.02, "betas": [0.8, 0.95], "amsgrad": True, "weightDecay": 0.1},
    "AdamW": {"lr": 0.02, "weightDecay": 0.2},
    "Adamax": {"lr": 0.02, "eps": 0.01},
    "NAdam": {"lr": 0.02, "momentumDecay": 0.02, "decoupledWeightDecay": True, "weightDecay": 0.1},
    "RAdam": {"lr": 0.02, "betas": [0.8, 0.7]},
    "SparseAdam": {"lr": 0.02},
    "Lion": {"lr": 0.02, "weightDecay": 0.2},
    "Adagrad": {"lr": 0.1, "lrDecay": 0.1, "initialAccumulatorValue": 0.5},
    "Adadelta": {"lr": 0.5, "rho": 0.8, "eps": 0.001, "maximize": True},
    "RMSprop": {"lr": 0.02, "alpha": 0.9, "momentum": 0.5, "centered": True},
    "Rprop": {"lr": 0.02, "etas": [0.6, 1.1], "stepSizes": [0.001, 0.15]},
    "ASGD": {"lr": 0.05, "lambd": 0.01, "alpha": 0.5, "t0": 3},
    "Adafactor": {"lr": 0.1, "beta2Decay": -0.5, "d": 2, "weightDecay": 0.1},
    "Muon": {"lr": 0.02, "nsSteps": 3},
    "LBFGS": {"lr": 0.3, "maxIter": 2, "historySize": 3},
}

MOVING = {"baseMomentum": 0.5, "maxMomentum": 0.8}


def moves_momentum(o):
    return "momentum" in o.defaults or "betas" in o.defaults


def cyclic(o):
    return S.CyclicLR(o, 0.01, 0.05, 4, 3, cycle_momentum=moves_momentum(o), base_momentum=0.5, max_momentum=0.8)


def one_cycle(o):
    return S.OneCycleLR(
        o, 0.05, 12, pct_start=0.4, cycle_momentum=moves_momentum(o), base_momentum=0.5, max_momentum=0.8
    )


# Thalweg's name, its options where they are values, PyTorch's schedule of an optimizer. Where there is a note the
# test has the same.
SCHEDULES = [
    ("StepLR", {"stepSize": 3, "gamma": 0.5}, lambda o: S.StepLR(o, 3, 0.5)),
    ("MultiStepLR", {"milestones": [2, 7, 7], "gamma": 0.5}, lambda o: S.MultiStepLR(o, [2, 7, 7], 0.5)),
    ("ConstantLR", {"factor": 0.5, "totalIters": 7}, lambda o: S.ConstantLR(o, 0.5, 7)),
    ("LinearLR", {"startFactor": 0.1, "totalIters": 8}, lambda o: S.LinearLR(o, 0.1, total_iters=8)),
    ("ExponentialLR", {"gamma": 0.9}, lambda o: S.ExponentialLR(o, 0.9)),
    ("PolynomialLR", {"totalIters": 12, "power": 2}, lambda o: S.PolynomialLR(o, 12, 2.0)),
    ("CosineAnnealingLR", {"tMax": 7, "etaMin": 0.001}, lambda o: S.CosineAnnealingLR(o, 7, 0.001)),
    (
        "CosineAnnealingWarmRestarts",
        {"t0": 3, "tMult": 2, "etaMin": 0.001},
        lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
    ),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.05, "stepSizeUp": 4, "stepSizeDown": 3, **MOVING}, cyclic),
    ("OneCycleLR", {"maxLr": 0.05, "totalSteps": 12, "pctStart": 0.4, **MOVING}, one_cycle),
    ("ReduceLROnPlateau", {"factor": 0.5, "patience": 1}, lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=1)),
    ("LambdaLR", "0.9 ** epoch of w, 1 / (1 + epoch) of b", lambda o: S.LambdaLR(o, lambdas(o))),
    ("MultiplicativeLR", "1 - epoch / 20", lambda o: S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 20)),
    (
        "SequentialLR",
        "Linear 0.1 for 3, then warm restarts of 2",
        lambda o: S.SequentialLR(
            o, [S.LinearLR(o, 0.1, total_iters=3), S.CosineAnnealingWarmRestarts(o, 2, 2)], [3]
        ),
    ),
    (
        "SequentialLR",
        "Exponential 0.9, then from 2 one cycle, then from 7 1 - epoch / 20",
        lambda o: S.SequentialLR(
            o,
            [S.ExponentialLR(o, 0.9), one_cycle(o), S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 20)],
            [2, 7],
        ),
    ),
    (
        "ChainedScheduler",
        "Constant 0.5 for 7, Exponential 0.9, Step 4",
        lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 7), S.ExponentialLR(o, 0.9), S.StepLR(o, 4)]),
    ),
    (
        "ChainedScheduler",
        "warm restarts of 4, and Linear 0.5 to 0.25 for 6",
        lambda o: S.ChainedScheduler(
            [S.CosineAnnealingWarmRestarts(o, 4), S.LinearLR(o, 0.5, 0.25, total_iters=6)]
        ),
    ),
]


def lambdas(o):
    return [lambda epoch: 0.9**epoch, lambda epoch: 1 / (1 + epoch)][: len(o.param_groups)]


def torch_options(options):
    return {descents.snake(k): tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def make(name, options, w, b):
    one = torch_options(options)
    kind = getattr(torch.optim, name)
    if name == "Muon":  # of matrices alone
        return kind([w], **one)
    if name == "LBFGS":  # of one group
        return kind([w, b], **one)
    if name in ("SparseAdam", "Lion"):
        return kind([{"params": [w]}, {"params": [b], "lr": 2 * options["lr"]}], **one)
    return kind([{"params": [w]}, {"params": [b], "lr": 2 * options["lr"]}], foreach=False, **one)


def take_step(name, optimizer, p, w, b):
    def closure():
        optimizer.zero_grad()
        b.grad = None
        loss = (torch.tanh(p["x"] @ w + b) - p["target"]).square().sum()
        loss.backward()
        return loss

    closure()
    if name == "SparseAdam":
        w.grad, b.grad = w.grad.to_sparse(1), b.grad.to_sparse(1)
    optimizer.step(closure) if name == "LBFGS" else optimizer.step()


def start(p):
    return [p["parameters"][k].clone().requires_grad_() for k in ("w", "b")]


def copied(value):
    """A state dict as values of JSON: an optimizer goes on in the tensors of its own."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    return [copied(v) for v in value] if isinstance(value, (list, tuple)) else value


def rows():
    p = optimizers.problem()
    for name, options in OPTIMIZERS.items():
        for scheduler, schedule_options, make_schedule in SCHEDULES:
            w, b = start(p)
            optimizer = make(name, options, w, b)
            schedule = make_schedule(optimizer)
            for step in range(STEPS):
                take_step(name, optimizer, p, w, b)
                schedule.step(FIGURES[step]) if scheduler == "ReduceLROnPlateau" else schedule.step()
            yield {
                "optimizer": name,
                "scheduler": scheduler,
                "options": schedule_options,
                "rates": [group["lr"] for group in optimizer.param_groups],
                "momenta": [
                    group["betas"][0] if "betas" in group else group.get("momentum")
                    for group in optimizer.param_groups
                ],
                "w": w,
                "b": b,
            }


def dicts():
    """PyTorch's own state dicts, from which the tests go on."""
    p = optimizers.problem()
    for name, options in OPTIMIZERS.items():
        w, b = start(p)
        optimizer = make(name, options, w, b)
        for _ in range(HALF):
            take_step(name, optimizer, p, w, b)
        half = {"w": w.detach().clone(), "b": b.detach().clone()}
        state = copied(optimizer.state_dict())
        for _ in range(STEPS - HALF):
            take_step(name, optimizer, p, w, b)
        yield {"optimizer": name, "half": half, "stateDict": state, "after": {"w": w, "b": b}}


def document():
    warnings.simplefilter("ignore")
    descents.prepare()
    return {
        "optimizers": OPTIMIZERS,
        "figures": FIGURES,
        "rows": list(rows()),
        "dicts": list(dicts()),
    }

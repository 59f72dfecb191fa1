"""50 steps of the other optimizers on the problem of optimizers.py, and what their states hold then."""

import re

import torch

import optimizers

OPTIONS = {
    "AdamW": [{}, {"lr": 0.05, "weightDecay": 0.2, "amsgrad": True, "betas": [0.9, 0.9]}, {"maximize": True}],
    "Adamax": [{}, {"lr": 0.05, "betas": [0.8, 0.95], "eps": 0.01, "weightDecay": 0.1}, {"maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.01, "betas": [0.8, 0.95], "eps": 0.01, "weightDecay": 0.1, "momentumDecay": 0.02},
        {"lr": 0.05, "weightDecay": 0.1, "decoupledWeightDecay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.05, "betas": [0.8, 0.95], "eps": 0.01, "weightDecay": 0.1},
        {"lr": 0.05, "weightDecay": 0.1, "decoupledWeightDecay": True, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.2, "lrDecay": 0.1, "weightDecay": 0.1, "initialAccumulatorValue": 0.5, "eps": 0.01},
        {"lr": 0.1, "maximize": True},
    ],
    "Adadelta": [{}, {"lr": 0.2, "rho": 0.8, "eps": 0.001, "weightDecay": 0.1}, {"maximize": True}],
    "RMSprop": [
        {},
        {"lr": 0.02, "alpha": 0.9, "eps": 0.01, "weightDecay": 0.1, "momentum": 0.5, "centered": True},
        {"lr": 0.02, "momentum": 0.9, "maximize": True},
        {"lr": 0.02, "centered": True},
    ],
    "Rprop": [{}, {"lr": 0.1, "etas": [0.6, 1.1], "stepSizes": [0.01, 0.15]}, {"lr": 0.001, "stepSizes": [1e-4, 0.01], "maximize": True}],
    "ASGD": [
        {},
        {"lr": 0.05, "lambd": 0.01, "alpha": 0.5, "t0": 10, "weightDecay": 0.1},
        {"lr": 0.05, "maximize": True},
    ],
    "Adafactor": [
        {},
        {"lr": 0.1, "beta2Decay": -0.5, "eps": [1e-6, 0.01], "d": 2, "weightDecay": 0.1},
        {"lr": 0.1, "maximize": True},
    ],
    "Muon": [
        {"lr": 0.02},
        {"lr": 0.05, "momentum": 0.8, "nesterov": False, "nsSteps": 3, "weightDecay": 0.5, "eps": 0.001},
        {"lr": 0.05, "adjustLrFn": "match_rms_adamw", "weightDecay": 0},
    ],
    "LBFGS": [
        {"lr": 0.1, "maxIter": 1},
        {"lr": 0.2, "maxIter": 3, "historySize": 2},
        {"lineSearchFn": "strong_wolfe", "maxIter": 2, "toleranceGrad": 0.01, "toleranceChange": 1e-4},
        {"lr": 5, "lineSearchFn": "strong_wolfe", "maxIter": 20, "maxEval": 4, "toleranceGrad": 1e-3},
    ],
    "SparseAdam": [{}, {"lr": 0.05, "betas": [0.8, 0.95], "eps": 0.01}, {"maximize": True}],
    "Lion": [{"lr": 0.01}, {"lr": 0.02, "betas": [0.8, 0.95], "weightDecay": 0.2}, {"lr": 0.01, "maximize": True}],
}


class Lion(torch.optim.Optimizer):
    """Chen et al., 2023, algorithm 2: PyTorch has none."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0, maximize=False, foreach=None):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (first, second), lr = group["betas"], group["lr"]
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                update = torch.sign(first * m + (1 - first) * g) + group["weight_decay"] * p
                p.sub_(lr * update)
                m.mul_(second).add_((1 - second) * g)


# With a momentum, or betas, that a schedule moves.
CYCLED = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "Adamax": {},
    "NAdam": {},
    "RAdam": {},
    "RMSprop": {"momentum": 0.5},
    "Muon": {},
    "SparseAdam": {},
    "Lion": {"lr": 0.01},
}


def snake(name):
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def prepare():
    torch.optim.Lion = Lion
    # Muon rounds to bfloat16, whatever the precision of the weights: here it does not.
    torch.Tensor.bfloat16 = lambda self: self.clone()


def rows():
    p = optimizers.problem()
    prepare()
    optimizers.torch_options = lambda options: {
        snake(k): tuple(v) if isinstance(v, list) else v for k, v in options.items()
    }
    for name, variants in OPTIONS.items():
        for options in variants:
            yield optimizers.trajectory(name, ", ".join(options) or "defaults", options, p)
    for name, options in CYCLED.items():
        yield optimizers.trajectory(name, "one cycle", options, p, one_cycle=0.05)

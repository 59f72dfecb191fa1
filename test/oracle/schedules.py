"""The learning rates of 40 epochs by each of PyTorch's schedules, for two groups that begin with 0.1 and 0.5."""

import warnings

import torch
from torch.optim import lr_scheduler as S

EPOCHS = 40
FIGURES = [5 - 0.3 * min(t, 7) + (0.2 if t % 3 == 0 else 0) for t in range(EPOCHS)]

# Thalweg's name, its options, PyTorch's schedule of an optimizer
CASES = [
    ("StepLR", {"stepSize": 7}, lambda o: S.StepLR(o, 7)),
    ("StepLR", {"stepSize": 3, "gamma": 0.9}, lambda o: S.StepLR(o, 3, 0.9)),
    ("MultiStepLR", {"milestones": [3, 10, 10, 20], "gamma": 0.5}, lambda o: S.MultiStepLR(o, [3, 10, 10, 20], 0.5)),
    ("ConstantLR", {}, lambda o: S.ConstantLR(o)),
    ("ConstantLR", {"factor": 0.25, "totalIters": 9}, lambda o: S.ConstantLR(o, 0.25, 9)),
    ("LinearLR", {}, lambda o: S.LinearLR(o)),
    (
        "LinearLR",
        {"startFactor": 0.1, "endFactor": 0.9, "totalIters": 20},
        lambda o: S.LinearLR(o, 0.1, 0.9, 20),
    ),
    ("ExponentialLR", {"gamma": 0.93}, lambda o: S.ExponentialLR(o, 0.93)),
    ("PolynomialLR", {}, lambda o: S.PolynomialLR(o)),
    ("PolynomialLR", {"totalIters": 25, "power": 2}, lambda o: S.PolynomialLR(o, 25, 2.0)),
    ("CosineAnnealingLR", {"tMax": 10}, lambda o: S.CosineAnnealingLR(o, 10)),
    ("CosineAnnealingLR", {"tMax": 13, "etaMin": 0.02}, lambda o: S.CosineAnnealingLR(o, 13, 0.02)),
    ("CosineAnnealingWarmRestarts", {"t0": 7}, lambda o: S.CosineAnnealingWarmRestarts(o, 7)),
    (
        "CosineAnnealingWarmRestarts",
        {"t0": 5, "tMult": 2, "etaMin": 0.01},
        lambda o: S.CosineAnnealingWarmRestarts(o, 5, 2, 0.01),
    ),
    (
        "CyclicLR",
        {"baseLr": 0.01, "maxLr": 0.2, "stepSizeUp": 6},
        lambda o: S.CyclicLR(o, 0.01, 0.2, 6),
    ),
    (
        "CyclicLR",
        {"baseLr": 0.01, "maxLr": 0.2, "stepSizeUp": 4, "stepSizeDown": 7, "mode": "triangular2"},
        lambda o: S.CyclicLR(o, 0.01, 0.2, 4, 7, mode="triangular2"),
    ),
    (
        "CyclicLR",
        {"baseLr": 0.01, "maxLr": 0.2, "stepSizeUp": 4, "mode": "exp_range", "gamma": 0.97},
        lambda o: S.CyclicLR(o, 0.01, 0.2, 4, mode="exp_range", gamma=0.97),
    ),
    (
        "CyclicLR",
        {"baseLr": 0.01, "maxLr": 0.2, "stepSizeUp": 6, "baseMomentum": 0.5, "maxMomentum": 0.8},
        lambda o: S.CyclicLR(o, 0.01, 0.2, 6, base_momentum=0.5, max_momentum=0.8),
    ),
    (
        "CyclicLR",
        {"baseLr": 0.01, "maxLr": 0.2, "stepSizeUp": 6, "cycleMomentum": False},
        lambda o: S.CyclicLR(o, 0.01, 0.2, 6, cycle_momentum=False),
    ),
    (
        "OneCycleLR",
        {"maxLr": 0.3, "totalSteps": EPOCHS, "baseMomentum": 0.6, "maxMomentum": 0.9},
        lambda o: S.OneCycleLR(o, 0.3, EPOCHS, base_momentum=0.6, max_momentum=0.9),
    ),
    (
        "OneCycleLR",
        {"maxLr": 0.3, "totalSteps": EPOCHS},
        lambda o: S.OneCycleLR(o, 0.3, EPOCHS),
    ),
    (
        "OneCycleLR",
        {"maxLr": 0.3, "totalSteps": EPOCHS, "pctStart": 0.4, "annealStrategy": "linear", "divFactor": 10, "threePhase": True},
        lambda o: S.OneCycleLR(
            o, 0.3, EPOCHS, pct_start=0.4, anneal_strategy="linear", div_factor=10, three_phase=True
        ),
    ),
    ("ReduceLROnPlateau", {"patience": 2}, lambda o: S.ReduceLROnPlateau(o, patience=2)),
    (
        "ReduceLROnPlateau",
        {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 3, "minLr": 0.01, "threshold": 0.1, "thresholdMode": "abs"},
        lambda o: S.ReduceLROnPlateau(o, "max", 0.5, 1, 0.1, "abs", 3, 0.01),
    ),
    # Their arguments are functions: schedules.test.ts has the same.
    ("LambdaLR", "0.95 ** epoch", lambda o: S.LambdaLR(o, lambda epoch: 0.95**epoch)),
    ("MultiplicativeLR", "1 - epoch / 100", lambda o: S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 100)),
    (
        "SequentialLR",
        "Linear, 8 epochs, then Exponential 0.9, 12 epochs, then Cosine 10",
        lambda o: S.SequentialLR(
            o, [S.LinearLR(o, 0.1, total_iters=8), S.ExponentialLR(o, 0.9), S.CosineAnnealingLR(o, 10)], [8, 20]
        ),
    ),
    (
        "ChainedScheduler",
        "Constant 0.5 for 6, and Exponential 0.9",
        lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 6), S.ExponentialLR(o, 0.9)]),
    ),
]


def rows():
    warnings.simplefilter("ignore")  # the optimizer takes no steps here
    for name, options, make in CASES:
        w, b = (torch.zeros(1, requires_grad=True) for _ in range(2))
        optimizer = torch.optim.SGD([{"params": [w], "lr": 0.1}, {"params": [b], "lr": 0.5}], momentum=0.9)
        schedule = make(optimizer)
        rates, momenta = [], []
        for epoch in range(EPOCHS):
            rates.append([group["lr"] for group in optimizer.param_groups])
            momenta.append([group["momentum"] for group in optimizer.param_groups])
            if name == "ReduceLROnPlateau":
                schedule.step(FIGURES[epoch])
            elif epoch < EPOCHS - 1:
                schedule.step()
        yield {"scheduler": name, "options": options, "rates": rates, "momenta": momenta, "figures": FIGURES}

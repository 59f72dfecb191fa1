"""The learning rates and momenta of 40 epochs by each schedule, for two groups that begin with 0.1 and 0.5."""

import warnings

import torch

from optimizers import made, step

EPOCHS = 40
FIGURES = [5 - 0.3 * min(t, 7) + (0.2 if t % 3 == 0 else 0) for t in range(EPOCHS)]


def row(case):
    w, b = (torch.zeros(1, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [w], "lr": 0.1}, {"params": [b], "lr": 0.5}], momentum=0.9)
    schedule = made(case, optimizer)
    rates, momenta = [], []
    for epoch in range(EPOCHS):
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append([group["momentum"] for group in optimizer.param_groups])
        if epoch < EPOCHS - 1:
            step(schedule, FIGURES[epoch])
    return {"scheduler": case["name"], "note": case["note"], "rates": rates, "momenta": momenta}


def document(cases):
    warnings.simplefilter("ignore")  # the optimizer takes no steps here
    return {"figures": FIGURES, "rows": [row(case) for case in cases]}

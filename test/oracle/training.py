"""50 steps of the small lecture network: mini-batches of 5 in order from 12 samples, so 5, 5 and 2 an epoch.

losses[k] is the batch's mean loss before step k + 1; epochs[k] is the mean of an epoch's losses over its samples.
"""

import torch
import torch.nn.functional as F
from torch import nn

from modules import fill
from row import Source

STEPS, SAMPLES, BATCH = 50, 12, 5
OPTIONS = {"lr": 0.02, "momentum": 0.9}


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


def document():
    s = Source("training")
    x, target = s.uniform([SAMPLES, 3, 2, 4]), s.integers([SAMPLES], 3)
    network = lecture_network()
    fill(network, s, 0.4)
    initial = {k: p.detach().clone() for k, p in network.named_parameters()}
    optimizer = torch.optim.SGD(network.parameters(), foreach=False, **OPTIONS)
    losses, epochs = [], []
    total, start = 0.0, 0
    for _ in range(STEPS):
        batch = slice(start, min(start + BATCH, SAMPLES))
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x[batch]), target[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        total += loss.item() * (batch.stop - batch.start)
        start = batch.stop
        if start == SAMPLES:
            epochs.append(total / SAMPLES)
            total, start = 0.0, 0
    with torch.no_grad():
        y = network(x)
        per_sample = F.cross_entropy(y, target, reduction="none")
    return {
        "network": LECTURE,
        "cost": "crossEntropy",
        "optimizer": "SGD",
        "options": OPTIONS,
        "batchSize": BATCH,
        "x": x,
        "target": target,
        "parameters": initial,
        "losses": losses,
        "epochs": epochs,
        "final": dict(network.named_parameters()),
        "y": y,
        "perSampleLoss": per_sample,
        "averageLoss": per_sample.mean().item(),
    }

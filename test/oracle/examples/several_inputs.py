"""PyTorch's scores on the orders of examples/several-inputs.ts with the same network, over five seeds.

pip install torch==2.13.0
python test/oracle/examples/several_inputs.py
"""

import torch
from digits import read
from shared import mlp, over_seeds, rows, train, write
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss


def samples(part, images):
    order = torch.tensor([[row["price"], row["discount"], float(row["express"])] for row in part])
    total = torch.tensor([row["total"] for row in part])
    return images[: len(part)], order, torch.tensor([row["pieces"] for row in part]), total


TRAIN, TEST = (samples(part, read(name)[0]) for part, name in zip(rows("several-inputs"), ("train", "t10k")))


def scaled(of, by):
    """Price and discount, but not express, to mean 0 and deviation 1."""
    mean, deviation = by.mean(0), by.std(0, correction=0)
    if by.ndim == 2:
        mean[2], deviation[2] = 0, 1
    return (of - mean) / deviation


ORDERS, ORDERS_TEST = (scaled(part[1], TRAIN[1]) for part in (TRAIN, TEST))
TOTALS, TOTALS_TEST = (scaled(part[3], TRAIN[3]) for part in (TRAIN, TEST))


class OrderReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.eye = nn.Sequential(nn.Linear(784, 64), nn.ReLU())
        self.body = mlp(64 + 3, 64, 64, 1)
        self.pieces = nn.Linear(64, 10)

    def forward(self, image, order):
        seen = self.eye(image)
        return self.pieces(seen), self.body(torch.cat([seen, order], 1))[:, 0]


def score(_seed, epochs=10):
    model = OrderReader()

    def cost(batch):
        pieces, total = model(TRAIN[0][batch], ORDERS[batch])
        return 2 * cross_entropy(pieces, TRAIN[2][batch]) + mse_loss(total, TOTALS[batch])

    train(cost, model.parameters(), len(TOTALS), epochs, batch_size=64, lr=0.001)
    with torch.no_grad():
        pieces, total = model(TEST[0], ORDERS_TEST)
    error = ((total - TOTALS_TEST) ** 2).sum() / ((TOTALS_TEST - TOTALS_TEST.mean()) ** 2).sum()
    return {
        "accuracy of pieces": (pieces.argmax(1) == TEST[2]).double().mean(),
        "R² of totals": 1 - error,
    }


write("several-inputs", {"OrderReader": {"PyTorch": over_seeds(score)}})

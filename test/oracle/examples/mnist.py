"""PyTorch's scores on MNIST with the network and the steps of examples/mnist.ts, over five seeds.

pip install torch==2.13.0
python test/oracle/examples/mnist.py
"""

import math

import torch
from digits import read
from shared import mlp, over_seeds, write
from torch.nn.functional import cross_entropy


def score(_seed, epochs=8, batch_size=128):
    (x, y), (x_test, y_test) = read("train"), read("t10k")
    model = mlp(784, 256, 128, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        optimizer.param_groups[0]["lr"] = 0.05 * (1 + math.cos(math.pi * epoch / epochs))
    with torch.no_grad():
        right = model(x_test).argmax(1) == y_test
    return {"test accuracy in %": 100 * right.double().mean()}


write("mnist", {"784-256-128-10": {"PyTorch": over_seeds(score)}})

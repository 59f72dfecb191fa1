"""PyTorch's run to an accuracy on MNIST. Usage: torch_mnist.py IMPL FILE THREADS

Install: `npm run bench:peers`, or `pip install torch==2.13.0 numpy`.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

from serve import DataFile, resident_bytes


def read_idx(path):
    with open(path, "rb") as file:
        header = file.read(4)
        shape = np.frombuffer(file.read(4 * header[3]), dtype=">u4")
        return np.fromfile(file, dtype=np.uint8).reshape(shape)


def load(images, labels):
    x = torch.from_numpy(read_idx(images)).reshape(-1, 784).float().div_(255)
    return x, torch.from_numpy(read_idx(labels)).long()


def main(name, path, threads):
    torch.set_num_threads(int(threads))
    file = DataFile(path)
    run, batch = file.header["mnist"], file.header["batch"]
    files = run["files"]
    x, y = load(files["trainImages"], files["trainLabels"])
    x_test, y_test = load(files["testImages"], files["testLabels"])

    modules = []
    for weight, bias in file.layers:
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=run["lr"], momentum=run["momentum"], fused=True)

    def cost(x, y):
        return F.cross_entropy(model(x), y)

    if name == "torch-compile":
        cost = torch.compile(cost)

    for epoch in range(run["epochs"]):
        order = torch.from_numpy(file[f"order{epoch}"]).long()
        for indices in order.split(batch):
            loss = cost(x[indices], y[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.inference_mode():
            accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
        if accuracy >= run["accuracy"]:
            break
    result = {"accuracy": accuracy, "epochs": epoch + 1, "peakBytes": resident_bytes("VmHWM")}
    print(json.dumps(result), flush=True)


main(*sys.argv[1:])

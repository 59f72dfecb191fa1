"""What the scripts of this folder share: rows of an example, training, and the file of scores."""

import json
import subprocess
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
SEEDS = range(5)

torch.set_num_threads(1)


def rows(example):
    """The rows of each part, as the example prints them: those of the training part first, those of the test part last."""
    command = ["npx", "tsx", f"examples/{example}.ts", "--rows"]
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    all_rows = [json.loads(line) for line in printed.splitlines()]
    return [[row for row in all_rows if row["part"] == part] for part in dict.fromkeys(r["part"] for r in all_rows)]


def mlp(*sizes):
    """Linear layers with ReLU between them: `nn.Mlp`."""
    layers = [layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.ReLU(), nn.Linear(i, o))]
    return nn.Sequential(*layers[1:])


def train(loss, parameters, samples, epochs, batch_size, lr):
    """Adam on mini-batches in a new order each epoch. `loss` takes the positions of a mini-batch."""
    optimizer = torch.optim.Adam(parameters, lr=lr)
    for _ in range(epochs):
        for batch in torch.randperm(samples).split(batch_size):
            optimizer.zero_grad()
            loss(batch).backward()
            optimizer.step()


def over_seeds(score):
    """The figures of `score(seed)` as lists, a number for each seed."""
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        found.append(score(seed))
    return {name: [round(float(one[name]), 5) for one in found] for name in found[0]}


def write(example, networks):
    """Keeps the figures by network, library and name."""
    text = json.dumps(networks, ensure_ascii=False, indent=1)
    for inner in ("\n    ", "\n     "):
        text = text.replace(inner, " ")
    text = text.replace("[ ", "[").replace("\n   ]", "]") + "\n"
    (HERE / f"{example}.json").write_text(text)
    print(text)

"""Models that PyTorch saves as safetensors, with an input and what they give for it: saved-models.json.

    .venv/bin/pip install safetensors
    .venv/bin/python test/oracle/saved_models.py

Given a folder, it meets the files that test/keeping/oracle.test.ts wrote there: for each case of cases.json it reads
<i>.safetensors into PyTorch's module, and then saves another module of that kind as torch-<i>.safetensors. It reads
tied.safetensors too, whose parameter is written once. It prints what all of them give.
"""

import base64
import json
import sys
from pathlib import Path

import plain_torch  # noqa: F401

import torch
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import nn

from modules import fill
from nets import called, expression
from row import Source


class Tied(nn.Module):
    """A table of vectors that is looked up at the start and multiplied with at the end."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 3)
        self.norm = nn.LayerNorm(3)
        self.head = nn.Linear(3, 5)
        self.head.weight = self.table.weight

    def forward(self, index):
        return self.head(self.norm(self.table(index)))


def plain():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))


def values(t):
    return t.detach().double().reshape(-1).tolist()


def encoded(name, model, x, tmp):
    fill(model, Source(name))
    model.train()
    if x.is_floating_point():
        model(torch.tensor(values(x), dtype=next(model.parameters()).dtype).reshape(x.shape))
    model.eval()
    path = tmp / "model.safetensors"
    save_model(model, str(path))
    y = model.double()(x)
    return {
        "name": name,
        "file": base64.b64encode(path.read_bytes()).decode(),
        "x": {"shape": list(x.shape), "data": values(x)},
        "y": values(y),
    }


def fixtures():
    tmp = Path(__file__).parent
    x = Source("saved models").fine([2, 3])
    index = torch.tensor([[0, 4], [2, 1]])
    rows = [
        encoded("float32", plain().float(), x, tmp),
        encoded("float64", plain().double(), x, tmp),
        encoded("float16", plain().half(), x, tmp),
        encoded("bfloat16", plain().bfloat16(), x, tmp),
        encoded("tied", Tied().float(), index, tmp),
    ]
    (tmp / "model.safetensors").unlink()
    (tmp / "saved-models.json").write_text(json.dumps(rows, indent=1) + "\n")


def meet(folder):
    answers = []
    for i, case in enumerate(json.loads((folder / "cases.json").read_text())):
        make = lambda: called(expression(case["torch"]), case["arguments"]).to(getattr(torch, case["dtype"])).eval()
        xs = [
            None if x is None else torch.tensor(x["data"], dtype=getattr(torch, x["dtype"])).reshape(x["shape"])
            for x in case["inputs"]
        ]
        module = make()
        module.load_state_dict(load_file(folder / f"{i}.safetensors"))
        load_model(make(), folder / f"{i}.safetensors")
        other = make()
        fill(other, Source(f"saved {i}"))
        save_file(other.state_dict(), folder / f"torch-{i}.safetensors")
        answers.append({"ours": values(module(*xs)), "theirs": values(other(*xs))})
    tied = Tied().float()
    load_model(tied, folder / "tied.safetensors")
    assert tied.head.weight is tied.table.weight
    print(json.dumps({"cases": answers, "tied": values(tied(torch.tensor([[0, 4], [2, 1]])))}))


if len(sys.argv) > 1:
    meet(Path(sys.argv[1]))
else:
    fixtures()

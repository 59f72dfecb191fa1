"""Files of PyTorch's for the tests of thalweg/interchange, in interchange/: values of every kind, and trainings that
are broken off after HALF of STEPS steps, with what they come to in the end.

loss = mean of (model(x) - target)^2, model: Linear(3, 4), Tanh, Linear(4, 2); two parameter groups, one for each Linear.
"""

import json
import pickle
import warnings
from base64 import b64encode
from collections import Counter, OrderedDict
from pathlib import Path

import torch
from torch.optim import lr_scheduler as S

FOLDER = Path(__file__).parent / "interchange"
STEPS, HALF = 50, 25


def values():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    tied = torch.nn.Parameter(torch.tensor([[1.5, -2.0], [0.25, 8.0]]))
    numbers = [0, 1, 2, 127]
    dtypes = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"]
    return {
        "dtypes": {name: torch.tensor(numbers, dtype=getattr(torch, name)) for name in dtypes},
        "bool": torch.tensor([[True, False], [False, True]]),
        "views": {
            "whole": base,
            "offset": base[1],
            "strided": base[:, ::2, 1:3],
            "transposed": base.transpose(0, 2),
            "expanded": torch.tensor([3.0, 4.0])[:, None].expand(2, 3),
            "scalar": torch.tensor(7.5),
            "empty": torch.empty(2, 0, 3),
        },
        "tied": {"a": tied, "b": tied},
        "module": torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1)).state_dict(),
        "plain": {
            "int": 3,
            "big": 2**70,
            "negative": -(2**40),
            "float": 0.1,
            "infinite": float("-inf"),
            "none": None,
            "true": True,
            "text": "η ↦ 𝛼",
            "bytes": b"\x00\xff",
            "list": [1, [2, 3]],
            "tuple": (1, "a", (2.5,)),
            "set": {1, 2},
            "size": torch.Size([2, 3]),
            "device": torch.device("cuda", 1),
            "dtype": torch.bfloat16,
            "counter": Counter([2, 2, 7]),
            "ordered": OrderedDict([("z", 1), ("a", 2)]),
            "__proto__": "harmless",
            "tuple keys": {(1, 2): "a", None: "b"},
        },
    }


OPTIMIZERS = {
    "SGD": dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": dict(lr=0.02, amsgrad=True),
    "AdamW": dict(lr=0.02, weight_decay=0.1),
    "RMSprop": dict(lr=0.01, momentum=0.5, centered=True),
}
SCHEDULES = {
    "StepLR": lambda o: S.StepLR(o, 10, 0.5),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [5, 30, 30], 0.5),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 20, 0.001),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 7, 2),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.97),
    "LinearLR": lambda o: S.LinearLR(o, 0.2, 1, 40),
    "PolynomialLR": lambda o: S.PolynomialLR(o, 60, 2),
    "LambdaLR": lambda o: S.LambdaLR(o, lambda step: 0.97**step),
    "MultiplicativeLR": lambda o: S.MultiplicativeLR(o, lambda step: 0.98),
    "ConstantLR": lambda o: S.ConstantLR(o, 0.5, 30),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 0.05, STEPS + 1, base_momentum=0.6, max_momentum=0.9),
    "CyclicLR": lambda o: S.CyclicLR(o, 0.005, 0.05, 8, 6, mode="exp_range", gamma=0.98, base_momentum=0.7),
    "ChainedScheduler": lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 30), S.MultiStepLR(o, [10, 40])]),
    "SequentialLR": lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1, 10), S.StepLR(o, 9)], [10]),
    "ReduceLROnPlateau": lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=2, threshold=0.05, min_lr=0.002),
}
RUNS = [(optimizer, "OneCycleLR" if optimizer != "RMSprop" else "CosineAnnealingLR") for optimizer in OPTIMIZERS]
RUNS += [("SGD", schedule) for schedule in SCHEDULES if schedule != "OneCycleLR"]

X = torch.sin(torch.arange(18, dtype=torch.float64)).reshape(6, 3)
TARGET = torch.cos(torch.arange(12, dtype=torch.float64) / 3).reshape(6, 2)


class Run:
    def __init__(self, optimizer, schedule):
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        # A variance as the difference of two averages magnifies the rounding of float32.
        self.dtype = torch.float64 if OPTIMIZERS[optimizer].get("centered") else torch.float32
        model.to(self.dtype)
        with torch.no_grad():
            for i, parameter in enumerate(model.parameters()):
                parameter.copy_(torch.cos(torch.arange(parameter.numel(), dtype=torch.float64) + i).reshape(parameter.shape) / 2)
        groups = [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.03}]
        self.model = model
        self.optimizer = getattr(torch.optim, optimizer)(groups, **OPTIMIZERS[optimizer])
        self.schedule = SCHEDULES[schedule](self.optimizer)
        self.losses = []

    def step(self):
        self.optimizer.zero_grad()
        loss = (self.model(X.to(self.dtype)) - TARGET.to(self.dtype)).square().mean()
        loss.backward()
        self.optimizer.step()
        if isinstance(self.schedule, S.ReduceLROnPlateau):
            self.schedule.step(loss.item())
        else:
            self.schedule.step()
        self.losses.append(loss.item())

    def state(self):
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "step": len(self.losses),
        }

    def load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])

    def end(self):
        """What a run has come to after STEPS steps."""
        return {
            "losses": self.losses,
            "lrs": [group["lr"] for group in self.optimizer.param_groups],
            "parameters": {name: value.flatten().tolist() for name, value in self.model.state_dict().items()},
        }


def runs():
    for optimizer, schedule in RUNS:
        run = Run(optimizer, schedule)
        for _ in range(HALF):
            run.step()
        torch.save(run.state(), FOLDER / f"{optimizer}-{schedule}.pt")
        for _ in range(STEPS - HALF):
            run.step()
        yield {"optimizer": optimizer, "schedule": schedule, "dtype": str(run.dtype)[6:], **run.end()}


def write(name, document):
    (FOLDER / name).write_text(json.dumps(document, indent=1) + "\n")


def pickles():
    """One value by each of Python's protocols."""
    value = {
        "int": [0, -1, 255, 256, 65536, -(2**31), 2**31, 2**53 + 1, -(2**70), 2**2000],
        "float": [0.1, -1e300, float("inf"), float("-inf")],
        "text": ["", "it's \"quoted\"\n\\", "η ↦ 𝛼", "x" * 300],
        "bytes": [b"", b"\x00\xff'", b"y" * 300, bytearray(b"z")],
        "rest": [None, True, False, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}],
        "sets": [{1}, frozenset([2])],
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
    }
    twice = [1]
    value["twice"] = [twice, twice]
    return {str(protocol): b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(6)}


def no_source(_):
    raise OSError


def main():
    warnings.simplefilter("ignore")
    # Else a module in the older form holds its source, and where it was.
    torch.serialization.get_source_lines_and_file = no_source
    torch.manual_seed(0)
    FOLDER.mkdir(exist_ok=True)
    both = values()
    torch.save(both, FOLDER / "values.pt")
    torch.save(both, FOLDER / "values-older.pth", _use_new_zipfile_serialization=False)
    torch.save({"u": torch.tensor([1, 65535], dtype=torch.uint16)}, FOLDER / "uint16.pt")
    torch.save(torch.nn.Linear(2, 1), FOLDER / "module.pt")
    torch.save(torch.nn.Linear(2, 1), FOLDER / "module-older.pth", _use_new_zipfile_serialization=False)
    torch.save({"z": torch.tensor([1j])}, FOLDER / "complex.pt")
    torch.save({"q": torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)}, FOLDER / "quantized.pt")
    torch.save({"s": torch.eye(2).to_sparse()}, FOLDER / "sparse.pt")
    write("pickles.json", pickles())
    write("runs.json", {"steps": STEPS, "half": HALF, "x": X.tolist(), "target": TARGET.tolist(), "runs": list(runs())})


if __name__ == "__main__":
    main()

"""PyTorch's answers to what the ops' files ask: run by ops.ts, which sends the cases."""

import json
import sys

import plain_torch  # noqa: F401
import torch
import torch.nn.functional as F

import formulas
from row import F64, NotFinite, derivatives
from write import FOLDER, write_json

DTYPES = {"float64": F64, "int32": torch.int64, "bool": torch.bool}
WORDS = {word: float(word) for word in ("NaN", "Infinity", "-Infinity", "-0")}


def is_tensor(v):
    return isinstance(v, dict) and "data" in v


def decode(v):
    """An argument: tensors stay as they came, until a call puts its own in their place."""
    if is_tensor(v):
        data = [float(x) if v["dtype"] == "float64" else int(x) for x in v["data"]]
        return torch.tensor(data, dtype=DTYPES[v["dtype"]]).reshape(v["shape"])
    if isinstance(v, dict):
        return {k: decode(x) for k, x in v.items()}
    if isinstance(v, list):
        return [decode(x) for x in v]
    return WORDS.get(v, v) if isinstance(v, str) else v


def tensors_in(args):
    flat = [x for arg in args for x in (arg if isinstance(arg, list) else [arg])]
    return [x for x in flat if isinstance(x, torch.Tensor)]


def call(f, args, tensors):
    """f with those tensors in the place of the arguments' own, in order, and the options as keywords."""
    left = list(tensors)

    def put(arg):
        if isinstance(arg, list) and any(isinstance(x, torch.Tensor) for x in arg):
            return [left.pop(0) for _ in arg]
        return left.pop(0) if isinstance(arg, torch.Tensor) else arg

    *rest, last = [put(arg) for arg in args]
    y = f(*rest, **last) if isinstance(last, dict) else f(*rest, last)
    return [y] if isinstance(y, torch.Tensor) else list(y)


def joined(ys):
    """The floating-point results as one tensor: the only one, or all of them as a list of numbers."""
    floats = [y for y in ys if y.dtype == F64]
    return floats[0] if len(floats) == 1 else torch.cat([y.reshape(-1) for y in floats])


def answer(op, f, case):
    args = decode(case["args"])
    tensors = tensors_in(args)
    row = {"note": case["note"], "args": args}
    try:
        row["y"] = call(f, args, tensors)
    except (RuntimeError, IndexError, ValueError) as error:
        return row | {"refused": str(error).splitlines()[0].replace('"', "'")}
    names = [str(i) for i in range(len(tensors))]
    wrt = [names[i] for i in case["moving"]]

    def g(**named):
        return joined(call(f, args, named.values()))

    order = case["order"] if wrt and any(y.dtype == F64 for y in row["y"]) else 0
    while order > 0:
        try:
            found = derivatives(g, dict(zip(names, tensors)), f"{op} {case['note']}", wrt, order=order)
        except NotFinite:
            order -= 1
            continue
        lists = {k: [v[name] for name in wrt] if isinstance(v, dict) else v for k, v in found.items()}
        return row | {"moving": case["moving"]} | lists
    return row


def main():
    sent = json.load(sys.stdin)
    folder = FOLDER / "ops"
    folder.mkdir(exist_ok=True)
    if sent["all"]:
        for file in folder.glob("*.json"):
            file.unlink()
    names = {"torch": torch, "F": F, **vars(formulas)}
    for op in sent["asked"]:
        f = eval(op["torch"], names)
        write_json(f"ops/{op['name']}.json", [answer(op["name"], f, case) for case in op["cases"]])


main()

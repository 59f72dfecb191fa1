"""Tensors and rows as JSON that a person can read and `git diff` can compare."""

import json
import math
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
WIDTH = 110

# Index tensors are int64 in PyTorch and int32 in Thalweg.
DTYPES = {torch.float64: "float64", torch.int64: "int32", torch.bool: "bool"}


def number(v):
    """Shortest text that reads back as the same float64."""
    if isinstance(v, bool):
        return str(int(v))
    if isinstance(v, int):
        return str(v)
    if math.isnan(v):
        return '"NaN"'
    if math.isinf(v):
        return '"Infinity"' if v > 0 else '"-Infinity"'
    if v == 0:
        return "-0" if math.copysign(1, v) < 0 else "0"
    return str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v)


def tensor(t):
    t = t.detach().clone()  # a jvp that is 0 comes as a tensor without storage
    shape = ",".join(map(str, t.shape))
    data = ",".join(map(number, t.reshape(-1).tolist()))
    return f'{{"shape":[{shape}],"dtype":"{DTYPES[t.dtype]}","data":[{data}]}}'


def option(v):
    """true and false stay themselves in options; in tensors they are 1 and 0."""
    return str(v).lower() if isinstance(v, bool) else number(v)


def text(v, indent=""):
    if isinstance(v, torch.Tensor):
        return tensor(v)
    if v is None:
        return "null"
    if isinstance(v, str):
        return json.dumps(v, ensure_ascii=False)
    if isinstance(v, (bool, int, float)):
        return option(v)
    inner = indent + " "
    if isinstance(v, dict):
        parts = [f'"{k}": {text(x, inner)}' for k, x in v.items()]
        open_, close = "{", "}"
    else:
        parts = [text(x, inner) for x in v]
        open_, close = "[", "]"
        if all(isinstance(x, (int, float)) for x in v):
            return open_ + ", ".join(parts) + close
    line = open_ + ", ".join(parts) + close
    if len(indent) + len(line) <= WIDTH and "\n" not in line and not (indent == "" and v):
        return line
    return open_ + "\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + close


def write_json(name, value):
    out = text(value) + "\n"
    (FOLDER / name).write_text(out)
    rows = value if isinstance(value, list) else value.get("rows", [value])
    print(f"{name:16} {len(rows):4} rows {len(out) / 1024:7.1f} KiB")

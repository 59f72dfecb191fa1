"""The cases of modules, costs, optimizers and schedules, as Thalweg's files say them, and PyTorch's twins of them."""

import inspect
import json
import re
import subprocess
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import lr_scheduler as S

import references
from row import Source, full

ROOT = Path(__file__).parent.parent.parent
DTYPES = {"float64": torch.float64, "int32": torch.int64, "bool": torch.bool}


def read():
    """What nets.ts writes: lists of cases by kind."""
    run = subprocess.run(["npx", "tsx", "test/oracle/nets.ts"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(run.stdout)


def numbers(v):
    """JSON has no NaN and no infinity: there they are strings."""
    if isinstance(v, list):
        return [numbers(x) for x in v]
    return float(v) if isinstance(v, str) else v


def tensor(spec, s):
    """The tensor of a case (lib/ops/cases.ts); s is the source of what is random."""
    if spec is None:
        return None
    if isinstance(spec, list):
        return s.fine(spec)
    if spec["draw"] == "floats":
        return s.fine(spec["shape"], spec["low"], spec["high"])
    if spec["draw"] == "integers":
        return s.integers(spec["shape"], spec["below"])
    assert spec["draw"] == "values", f"the nets have no {spec['draw']}"
    return torch.tensor(numbers(spec["values"]), dtype=DTYPES[spec["dtype"]])


def tensors(specs, s):
    return {name: tensor(spec, s) for name, spec in specs.items()}


def argument(v):
    """A value of the call: modules by name, tensors as the oracle's or by what they are drawn from, tuples for lists."""
    if isinstance(v, dict) and "module" in v:
        return called(expression(f"nn.{v['module']}"), v.get("arguments", []))
    if isinstance(v, dict) and "draw" in v:
        return tensor(v, Source("an argument"))
    if isinstance(v, dict) and "data" in v:
        return full(v["data"]).reshape(v["shape"])
    return tuple(argument(x) for x in v) if isinstance(v, list) else v


def snake(name):
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def named(f, options):
    """Options by the names that f has for them: totalIters is total_iters, and tMax is T_max."""
    bare = lambda name: name.replace("_", "").lower()
    known = {bare(name): name for name in inspect.signature(f).parameters}
    return {known.get(bare(k), snake(k)): argument(v) for k, v in options.items() if k != "dtype"}


def moves_momentum(optimizer):
    return "momentum" in optimizer.defaults or "betas" in optimizer.defaults


def expression(text):
    """PyTorch's twin, by a Python expression."""
    names = {"torch": torch, "nn": nn, "F": F, "S": S, "references": references, "moves_momentum": moves_momentum}
    return eval(text, names)


def called(f, arguments):
    """f(*arguments), of which the last may be an object of options."""
    last = arguments[-1:]
    has_options = last and isinstance(last[0], dict) and not last[0].keys() & {"module", "draw", "data"}
    *others, options = arguments if has_options else [*arguments, {}]
    return f(*map(argument, others), **named(f, options))

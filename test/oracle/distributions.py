"""PyTorch's answers to the cases of the distributions: run by distributions.ts, which sends the cases."""

import json
import re
import sys

import plain_torch  # noqa: F401
import torch

import distribution_references as references
import formulas
from row import F64, Source
from write import FOLDER, write_json

DTYPES = {"float64": F64, "int32": torch.int64, "bool": torch.bool}
NAMES = {**vars(torch.distributions), **vars(references)}
# PyTorch's own trigamma, by which it differentiates digamma, is off by 6e-10.
for name in ("digamma", "lgamma"):
    setattr(torch, name, getattr(formulas, name))
    setattr(torch.Tensor, name, getattr(formulas, name))
PROPERTIES = ("mean", "variance", "stddev", "mode")


def is_tensor(v):
    return isinstance(v, dict) and "data" in v


def decode(v):
    return torch.tensor(v["data"], dtype=DTYPES[v["dtype"]]).reshape(v["shape"])


def tensors_in(args):
    if is_tensor(args):
        return [decode(args)]
    if isinstance(args, list):
        return [t for arg in args for t in tensors_in(arg)]
    return [t for arg in args.values() for t in tensors_in(arg)] if isinstance(args, dict) else []


def snake(key):
    return re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), key)


def make(torch_name, args, left):
    """The distribution, with tensors from the list in the place of the arguments' own."""

    def put(arg):
        if is_tensor(arg):
            return left.pop(0)
        if isinstance(arg, dict) and "distribution" in arg:
            return make(arg["torch"], arg["arguments"], left)
        return {snake(k): put(x) for k, x in arg.items() if k != "dtype"} if isinstance(arg, dict) else arg

    placed = [put(arg) for arg in args]
    options = placed.pop() if placed and isinstance(placed[-1], dict) else {}
    return NAMES[torch_name](*placed, **options)


def result(name, d, value, probability):
    if name == "log_prob":
        return d.log_prob(value)
    if name == "cdf":
        return references.cdf(d, value)
    if name == "icdf":
        return d.icdf(probability)
    return d.entropy() if name == "entropy" else getattr(d, name)


def answer(f, leaves, seed):
    """The value, and the gradients by the leaves if they are finite; elements that are not finite have cotangent 0."""
    xs = [x.clone().requires_grad_() for x in leaves]
    y = f(xs)
    row = {"y": y.to(F64) if y.dtype == torch.bool else y}
    if y.dtype != F64 or y.numel() == 0:
        return row
    dy = torch.where(torch.isfinite(y), Source(seed).uniform(y.shape, -1, 1), 0.0)
    if isinstance(y, references.WithGradients):
        return row | {"dy": dy, "gradients": [g.sum_to_size(x.shape) for g, x in zip(y.gradients(dy), xs, strict=True)]}
    if not y.requires_grad:
        return row | {"dy": dy, "gradients": [torch.zeros_like(x) for x in xs]}
    gradients = torch.autograd.grad(y, xs, dy, materialize_grads=True)
    return row | ({"dy": dy, "gradients": list(gradients)} if all(g.isfinite().all() for g in gradients) else {})


def rows(family, cases):
    for case in cases:
        parameters = tensors_in(case["args"])
        value, probability = (decode(case[k]).to(F64) for k in ("value", "probability"))
        title = f"{family} {case['note']}"
        d = make(case["torch"], case["args"], list(parameters))
        row = {"note": case["note"], "parameters": parameters, "value": value, "probability": probability}
        row |= {"batchShape": list(d.batch_shape), "eventShape": list(d.event_shape)}
        continuous = not d.support.is_discrete
        for name in ("log_prob", "cdf", "icdf", "entropy", *PROPERTIES):
            takes = {"log_prob": [value], "cdf": [value], "icdf": [probability]}.get(name, [])
            moving = takes if continuous else []

            def f(xs, name=name, takes=takes, moving=moving):
                made = make(case["torch"], case["args"], xs[: len(parameters)])
                at = xs[-1] if moving else (takes[0] if takes else None)
                return result(name, made, at, at)

            try:
                found = answer(f, [*parameters, *moving], f"{title} {name}")
            except NotImplementedError:
                continue
            row["logProb" if name == "log_prob" else name] = found
        yield row


def pair_row(pair):
    sides = [pair["p"], pair["q"]]
    counts = [len(tensors_in(side["args"])) for side in sides]
    leaves = [t for side in sides for t in tensors_in(side["args"])]

    def f(xs):
        p, q = (make(s["torch"], s["args"], t) for s, t in zip(sides, (xs[: counts[0]], xs[counts[0] :])))
        return references.kl_divergence(p, q)

    return {"note": pair["note"], "parameters": leaves, **answer(f, leaves, pair["note"])}


def main():
    sent = json.load(sys.stdin)
    folder = FOLDER / "distributions"
    folder.mkdir(exist_ok=True)
    for family in sent["families"]:
        name = family["name"]
        write_json(f"distributions/{name}.json", list(rows(name, family["cases"])))
        own = [pair_row(pair) for pair in sent["pairs"] if pair["p"]["family"] == name]
        if own:
            write_json(f"distributions/{name}-divergences.json", own)


main()

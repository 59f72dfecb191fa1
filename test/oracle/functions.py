"""Whole Jacobians and Hessians by torch.func, of functions that are written in the same way in functions.test.ts."""

import torch
from torch.func import hessian, jacfwd, jacrev, jvp, vjp, vmap

from row import Source

FUNCTIONS = {
    "softmaxGram": (lambda x: torch.softmax(torch.tanh(x) @ x.mT, -1), {"x": [2, 3]}),
    "network": (
        lambda x, w, v, b: torch.sigmoid(torch.tanh(x @ w.mT + b) @ v.mT),
        {"x": [2, 3], "w": [4, 3], "v": [2, 4], "b": [4]},
    ),
    "ratio": (lambda a, b: torch.cumsum(a, 0) / (1.5 + torch.sin(b)), {"a": [3], "b": [3]}),
    "volume": (lambda x: torch.logdet(x @ x.mT + torch.eye(3)), {"x": [3, 2]}),
    "norms": (lambda x: torch.sqrt(1 + x.square().sum(-1)), {"x": [3, 2]}),
}


def rows():
    for name, (f, shapes) in FUNCTIONS.items():
        s = Source(f"function {name}")
        inputs = {key: s.fine(shape) for key, shape in shapes.items()}
        primals = tuple(inputs.values())
        every = tuple(range(len(primals)))
        reverse, forward = jacrev(f, every)(*primals), jacfwd(f, every)(*primals)
        for a, b in zip(reverse, forward):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)
        y = f(*primals)
        dy, tangents = s.fine(y.shape), {key: s.fine(shape) for key, shape in shapes.items()}
        first = primals[0]
        batch = torch.stack([first, 0.5 * first, -first])

        def loss(x, f=f, others=primals[1:]):
            return f(x, *others).square().sum()

        yield {
            "function": name,
            "inputs": inputs,
            "y": y,
            "dy": dy,
            "tangents": tangents,
            "pullback": dict(zip(inputs, vjp(f, *primals)[1](dy))),
            "pushforward": jvp(f, primals, tuple(tangents.values()))[1],
            "jacobians": dict(zip(inputs, reverse)),
            "hessian": hessian(loss)(first),
            "samples": batch,
            "jacobianOfSamples": vmap(jacrev(lambda x, f=f, o=primals[1:]: f(x, *o)))(batch),
        }

"""One row: a function's value and its derivatives, by PyTorch's own autograd.

Letters: f(inputs) = y, dy a cotangent of y, v a tangent of each differentiated input.
    gradients  dyᵀ · ∂f/∂input                      reverse mode
    jvp        Σ_input ∂f/∂input · v_input           forward mode
    hvp        ∂S/∂input, S = Σ_input gradient · v   reverse over reverse
"""

import random

import torch

F64 = torch.float64


def full(values):
    return torch.tensor(values, dtype=F64)


def ints(values):
    return torch.tensor(values, dtype=torch.int64)


def bools(values):
    return torch.tensor(values, dtype=torch.bool)


def count(shape):
    n = 1
    for size in shape:
        n *= size
    return n


class Source:
    """Random tensors, seeded by name, so that a new row leaves the others as they are.

    Multiples of 1/8, whose sums and products are exact and short to read; `fine` where ties would be in the way.
    Never 0: the kinks (relu, abs, sign) have rows of their own.
    """

    def __init__(self, name):
        # Python's generator, not torch's: its numbers are the same in every version.
        self.random = random.Random(f"thalweg {name}")

    def uniform(self, shape, low=-2, high=2):
        values = [self.random.randint(round(low * 8), round(high * 8)) / 8 for _ in range(count(shape))]
        return full([v or 0.125 for v in values]).reshape(shape)

    def fine(self, shape, low=-2, high=2):
        values = [round(self.random.uniform(low, high), 3) for _ in range(count(shape))]
        return full([v or 0.125 for v in values]).reshape(shape)

    def integers(self, shape, classes):
        return ints([self.random.randrange(classes) for _ in range(count(shape))]).reshape(shape)

    def mask(self, shape):
        return self.integers(shape, 2).bool()


class NotFinite(AssertionError):
    """A derivative of PyTorch's is NaN or infinite."""


def check_finite(name, order, found):
    for t in found:
        if not torch.isfinite(t).all():
            raise NotFinite(f"{name}: a derivative of order {order} is not finite: {t}")


def derivatives(f, inputs, name, wrt=None, cotangent=None, order=2):
    """Gradients, jvp and hvp of f with respect to the inputs named in wrt (default: all float64 ones).

    Order 1 leaves hvp out, for the points where PyTorch's own is not finite.
    """
    wrt = [k for k, x in inputs.items() if x.dtype == F64 and (wrt is None or k in wrt)]
    source = Source(f"{name} tangents")
    leaf = {k: x.detach().clone().requires_grad_(k in wrt) for k, x in inputs.items()}
    y = f(**leaf)
    dy = source.uniform(y.shape, -1, 1) if cotangent is None else cotangent
    v = {k: source.uniform(inputs[k].shape, -1, 1) for k in wrt}

    dy_leaf = dy.clone().requires_grad_()
    xs = [leaf[k] for k in wrt]
    gradients = torch.autograd.grad(y, xs, dy_leaf, create_graph=True, materialize_grads=True)

    def of_wrt(*values):
        return f(**{**inputs, **dict(zip(wrt, values))})

    point, direction = tuple(inputs[k] for k in wrt), tuple(v[k] for k in wrt)
    _, jvp = torch.func.jvp(of_wrt, point, direction)
    out = {"dy": dy, "gradients": dict(zip(wrt, gradients)), "tangents": v, "jvp": jvp}
    check_finite(name, 1, [jvp, *gradients])

    if order == 2:
        s = sum((g * v[k]).sum() for k, g in zip(wrt, gradients))
        if s.requires_grad:
            *hvp, by_dy = torch.autograd.grad(s, [*xs, dy_leaf], materialize_grads=True)
        else:  # the derivative is 0 everywhere, as for sign
            hvp, by_dy = [torch.zeros_like(x) for x in xs], torch.zeros_like(y)
        check_finite(name, 2, hvp)
        # S is linear in dy, so ∂S/∂dy is the jvp by another road.
        torch.testing.assert_close(jvp, by_dy, rtol=1e-12, atol=1e-13)
        # S's gradient is the Hessian of Σ y ∘ dy times v, so forward over reverse is another road to it.
        slope = torch.func.grad(lambda *xs: (of_wrt(*xs) * dy).sum(), argnums=tuple(range(len(wrt))))
        _, forward = torch.func.jvp(slope, point, direction)
        for h, g in zip(hvp, forward):
            torch.testing.assert_close(h, g + 0, rtol=1e-11, atol=1e-13)
        out["hvp"] = dict(zip(wrt, hvp))
    return out

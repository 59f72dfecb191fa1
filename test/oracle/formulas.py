"""Functions that PyTorch lacks, or has with other arguments: what an op's file may name in `torch`."""

import math

import torch
import torch.nn.functional as F


def dims_of(x, dim):
    if dim is None:
        return tuple(range(x.dim()))
    return (dim,) if isinstance(dim, int) else tuple(dim)


def reduced(f):
    """A reduction that takes all axes where none is named."""
    return lambda x, dim=None, **options: f(x, dim=dims_of(x, dim), **options)


def prod(x, dim=None, keepdim=False):
    for d in sorted((d % max(x.dim(), 1) for d in dims_of(x, dim)), reverse=True):
        x = torch.prod(x, d, keepdim)
    return x


def count_nonzero(x, dim, keepdim=False):
    kept = [d % max(x.dim(), 1) for d in dim]
    y = torch.count_nonzero(x, dim)
    return y.reshape([1 if d in kept else n for d, n in enumerate(x.shape)]) if keepdim else y


# PyTorch's own gradients of celu and hardsigmoid have constants of float32, and are off in the eighth digit.
def celu(x, alpha=1):
    return torch.where(x > 0, x, alpha * torch.expm1(torch.where(x > 0, 0, x) / alpha))


def hardsigmoid(x):
    return F.relu6(x + 3) / 6


def cut(x, dim, start=0, end=None, step=1):
    positions = list(range(x.shape[dim]))[start:end:step]
    return torch.index_select(x, dim, torch.tensor(positions, dtype=torch.int64))


def pad(x, dim, before, after, value=0):
    widths = [0, 0] * (x.dim() - 1 - dim % x.dim()) + [before, after]
    return F.pad(x, widths, value=value)


def one_hot(index, classes, dtype):
    return to(F.one_hot(index, classes), dtype)


def to(x, dtype):
    # From bool to int32 and back are the same numbers in int64.
    return x.to({"float64": torch.float64, "int32": torch.int64, "bool": torch.bool}[dtype])


def product(a, b, transposeA=False, transposeB=False):
    return torch.matmul(a.mT if transposeA else a, b.mT if transposeB else b)


def product_and_sum(c, a, b, alpha=1, beta=1, transposeA=False, transposeB=False):
    return torch.addmm(c, a.mT if transposeA else a, b.mT if transposeB else b, alpha=alpha, beta=beta)


def solve(a, b):
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.dim() == 1 else torch.linalg.solve(a, b)


def solve_triangular(a, b, upper=False, transposeA=False, unitriangular=False):
    # Ours reads one triangle alone, and so its gradient is 0 in the other.
    a = torch.triu(a, 1 if unitriangular else 0) if upper else torch.tril(a, -1 if unitriangular else 0)
    if unitriangular:
        a = a + torch.eye(a.shape[-1])
    if transposeA:
        a, upper = a.mT, not upper
    if b.dim() == 1:
        return torch.linalg.solve_triangular(a, b[:, None], upper=upper)[..., 0]
    return torch.linalg.solve_triangular(a, b, upper=upper)


def eigh(x):
    values, vectors = torch.linalg.eigh((x + x.mT) / 2)
    if x.shape[-1] == 0:
        return values, vectors
    # PyTorch leaves the sign of each vector open; ours has the first of its largest components positive.
    sizes = vectors.detach().abs()
    is_largest = sizes >= (1 - 2**-10) * sizes.amax(-2, keepdim=True)
    first = is_largest.int().argmax(-2, keepdim=True)
    return values, vectors * torch.gather(vectors.detach(), -2, first).sign()


# PyTorch's trigamma, by which it differentiates digamma, is off by 6e-10. Its ζ is right to all digits, but has no
# forward derivative.
class Zeta(torch.autograd.Function):
    @staticmethod
    def forward(s, x):
        return torch.special.zeta(torch.tensor(s, dtype=x.dtype), x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.s, x = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def derivative(ctx):
        (x,) = ctx.saved_tensors
        return -ctx.s * Zeta.apply(ctx.s + 1, x)

    @staticmethod
    def backward(ctx, dy):
        return None, dy * Zeta.derivative(ctx)

    @staticmethod
    def jvp(ctx, ds, dx):
        return Zeta.derivative(ctx) * dx


def polygamma(n, x):
    if n == 0:
        return digamma(x)
    return (-1) ** (n + 1) * math.factorial(n) * Zeta.apply(n + 1.0, x)


def with_derivatives(f, first, second):
    """f with these derivatives where they are finite: terms in d, which is 0."""

    def g(x):
        at = x.detach()
        safe = torch.where((at != torch.floor(at)) | ((at > 0) & (at < math.inf)), x, 1.0)
        safe = torch.where(at.abs() > 1e-100, safe, 1.0)
        d = safe - safe.detach()
        return f(at) + d * first(safe) - d**2 / 2 * second(safe)

    return g


digamma = with_derivatives(torch.digamma, lambda x: polygamma(1, x), lambda x: polygamma(2, x))
lgamma = with_derivatives(torch.lgamma, digamma, lambda x: polygamma(1, x))

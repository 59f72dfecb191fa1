"""Functions that PyTorch lacks, or has with other arguments: what an op's file may name in `torch`."""

import math

import mpmath
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


def median(x, dim=None, keepdim=False):
    if dim is not None:
        return torch.median(x, dim, keepdim)
    # Ours also says where it is, as if x were flat.
    y = torch.median(x.reshape(-1), 0)
    return [part.reshape([1] * x.dim() if keepdim else []) for part in y]


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


def sparse_linear(x, values, bias, rows, columns, shape):
    weight = torch.zeros(shape).index_put((torch.tensor(rows, dtype=int), torch.tensor(columns, dtype=int)), values)
    return torch.nn.functional.linear(x, weight, bias)


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


def front(x, sizes):
    return x[tuple(slice(n) for n in sizes)]


# PyTorch has no gradient of a source that is larger than the index.
def scatter(x, dim, index, source):
    return torch.scatter(x, dim, index, front(source, index.shape))


def scatter_add(x, dim, index, source):
    return torch.scatter_add(x, dim, index, front(source, index.shape))


# PyTorch's forward derivatives of scatter_reduce are not the transposes of its gradients.
def scatter_reduce(x, dim, index, source, reduce, includeSelf=True):
    if x.dim() == 0:
        return scatter_reduce(x[None], dim, index.reshape(1), source.reshape(1), reduce, includeSelf)[0]
    sizes = [n if d == dim % x.dim() else index.shape[d] for d, n in enumerate(x.shape)]
    own, values, places = [t.movedim(dim, -1) for t in (front(x, sizes), front(source, index.shape), index)]
    meets = places[..., None, :] == torch.arange(own.shape[-1])[:, None]
    counts = torch.full_like(own, includeSelf, dtype=torch.bool) | ~meets.any(-1)
    meets = torch.cat([counts[..., None], meets], -1)
    values = torch.cat([own[..., None], values[..., None, :].expand(meets[..., 1:].shape)], -1)
    bound = math.inf if x.is_floating_point() else 2**31
    nothing = {"sum": 0, "mean": 0, "prod": 1, "amax": -bound, "amin": bound}[reduce]
    values = torch.where(meets, values, nothing)
    if reduce == "mean":
        total, count = values.sum(-1), meets.sum(-1)
        y = total / count if x.is_floating_point() else total // count
    else:
        y = getattr(torch, reduce)(values, -1)
    whole = x.clone()
    whole[tuple(slice(n) for n in sizes)] = y.movedim(-1, dim)
    return whole


def logcumsumexp(x, dim):
    # PyTorch's forward derivative of no numbers is an error.
    return torch.logcumsumexp(x, dim) if x.numel() > 0 else x * 1


def cdist(a, b, p=2, useMatmul=None):
    # PyTorch's own has no forward derivative, and its second ones are not those of the distance 0.
    return torch.linalg.vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), ord=p, dim=-1)


def lstsq(a, b):
    columns = b[:, None] if b.dim() == 1 else b
    y = torch.linalg.pinv(a) @ columns
    residuals = ((a @ y - columns) ** 2).sum(-2)
    return (y[..., 0], residuals[..., 0]) if b.dim() == 1 else (y, residuals)


def svd(x):
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    if u.numel() == 0 or vh.numel() == 0:
        return u, s, vh
    # The signs are open: as in `eigh`, of the longer vectors.
    long = (u if u.shape[-2] >= vh.shape[-1] else vh.mT).detach()
    sizes = long.abs()
    first = (sizes >= (1 - 2**-10) * sizes.amax(-2, keepdim=True)).int().argmax(-2, keepdim=True)
    sign = torch.gather(long, -2, first).sign()
    return u * sign, s, vh * sign.mT


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


def by_elements(f, *inputs):
    """f of the numbers of tensors that broadcast, by mpmath with more digits than are asked for."""
    together = torch.broadcast_tensors(*inputs)
    with mpmath.workdps(50):
        numbers = [float(f(*map(mpmath.mpf, row))) for row in zip(*(t.reshape(-1).tolist() for t in together))]
    return torch.tensor(numbers, dtype=torch.float64).reshape(together[0].shape)


# PyTorch's own is off by 8e-10 for some a above 20, and has no derivative by a. The terms in da and dx, which are 0, are
# those of first order.
def gammainc(a, x):
    at = a.detach(), x.detach()
    inside, (value, _, by_a, density) = gamma_parts(*at)
    value = value + (a - at[0]) * by_a + (x - at[1]) * density
    return torch.where(inside, value, torch.special.gammainc(*at) + nan_of(*at))


def gammaincc(a, x):
    at = a.detach(), x.detach()
    inside, (_, value, by_a, density) = gamma_parts(*at)
    value = value - (a - at[0]) * by_a - (x - at[1]) * density
    return torch.where(inside, value, torch.special.gammaincc(*at) + nan_of(*at))


def nan_of(a, x):
    """NaN where one of them is, and 0. PyTorch's is 0 at (inf, NaN)."""
    return torch.where(torch.isnan(a) | torch.isnan(x), math.nan, 0.0)


def gamma_parts(a, x):
    """Where a and x are inside the domain, and P, Q, dP/da and dP/dx there."""
    inside = (a > 0) & (x > 0) & (a < 1e6) & (x < 1e6)
    a, x = torch.where(inside, a, 1.0), torch.where(inside, x, 1.0)
    return inside, [by_elements(lambda a, x, i=i: gamma_series(a, x)[i], a, x) for i in range(4)]


def gamma_series(a, x):
    """The sum over n of x^(a + n) e^-x / Gamma(a + n + 1), term by term, with digits for Q = 1 - P, too."""
    lost = max(0, x - a - a * mpmath.log(x / a)) / mpmath.log(10)
    with mpmath.workdps(50 + int(lost)):
        factor = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1))
        logarithm = mpmath.log(x) - mpmath.digamma(a + 1)
        term, harmonic, total, by_a, n = mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(1), logarithm, 0
        while n < x - a or term * (1 + harmonic) > mpmath.eps * total:
            n += 1
            term *= x / (a + n)
            harmonic += 1 / (a + n)
            total += term
            by_a += term * (logarithm - harmonic)
        return factor * total, 1 - factor * total, factor * by_a, factor * a / x


# PyTorch has no incomplete beta function. The terms in dx, which is 0, are those of its derivatives by x.
def betainc(a, b, x):
    a, b = (n.detach() if isinstance(n, torch.Tensor) else torch.tensor(n, dtype=torch.float64) for n in (a, b))
    at = x.detach() if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)
    dx = x - at
    density = by_elements(beta_density, a, b, at)
    value = by_elements(beta_series, a, b, at)
    return value + dx * density + dx**2 / 2 * density * ((a - 1) / at - (b - 1) / (1 - at))


def beta_density(a, b, x):
    return x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)


def beta_series(a, b, x):
    """By powers of x, all of one sign, or as 1 minus that of 1 - x; mpmath's own gives up for large a and b."""
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_series(b, a, 1 - x)
    term, total, n = mpmath.mpf(1), mpmath.mpf(1), 0
    while term > total * mpmath.eps:
        term *= (a + b + n) / (a + 1 + n) * x
        total += term
        n += 1
    return beta_density(a, b, x) * x * (1 - x) / a * total

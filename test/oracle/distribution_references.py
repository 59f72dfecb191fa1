"""Distributions and results that PyTorch lacks, or does not have to 1e-10, for distributions.py."""

import mpmath
import torch
from torch import distributions as D

mpmath.mp.dps = 40


def TanhNormal(loc, scale):
    return D.TransformedDistribution(D.Normal(loc, scale), D.TanhTransform())


def RelaxedOneHotCategorical(temperature, **options):
    return D.RelaxedOneHotCategorical(torch.as_tensor(temperature), **options)


def RelaxedBernoulli(temperature, **options):
    return D.RelaxedBernoulli(torch.as_tensor(temperature), **options)


class WithGradients(torch.Tensor):
    """A result whose gradients are computed in their own way."""

    gradients = None


def by_mpmath(f, *inputs):
    """f of numbers, element by element on tensors that broadcast, with its partial derivatives, to 40 digits."""
    broadcast = torch.broadcast_tensors(*inputs)
    points = list(zip(*(x.reshape(-1).tolist() for x in broadcast)))

    def of(g):
        return torch.tensor([float(g(p)) for p in points], dtype=torch.float64).reshape(broadcast[0].shape)

    y = of(lambda p: f(*map(mpmath.mpf, p))).as_subclass(WithGradients)

    def gradients(dy):
        partials = [
            of(lambda p: mpmath.diff(f, tuple(map(mpmath.mpf, p)), tuple(int(i == j) for j in range(len(p)))))
            for i in range(len(inputs))
        ]
        return [(dy * d).sum_to_size(x.shape) for d, x in zip(partials, inputs)]

    y.gradients = gradients
    return y


def regularized_beta(a, b, x):
    return mpmath.betainc(a, b, 0, x, regularized=True)


def student_t(df, loc, scale, x):
    z = (x - loc) / scale
    tail = regularized_beta(df / 2, mpmath.mpf(1) / 2, df / (df + z * z)) / 2
    return tail if z < 0 else 1 - tail


def summed(d, value):
    """The sum of the probabilities of 0, 1, … up to the value."""
    largest = int(value.max())
    if largest > 1000:
        raise NotImplementedError
    total = 0
    for k in range(largest + 1):
        at = torch.full_like(value, k)
        inside = at <= value
        total = total + torch.where(inside, d.log_prob(torch.where(inside, at, 0)).exp(), 0)
    return total


def cdf(d, value):
    if isinstance(d, D.Beta):
        return by_mpmath(regularized_beta, d.concentration1, d.concentration0, value)
    if isinstance(d, D.Gamma):
        return by_mpmath(lambda a, b, x: mpmath.gammainc(a, 0, b * x, regularized=True), d.concentration, d.rate, value)
    if isinstance(d, D.StudentT):
        return by_mpmath(student_t, d.df, d.loc, d.scale, value)
    if d.support.is_discrete and d.event_shape == ():
        return summed(d, value)
    return d.cdf(value)


def kl_divergence(p, q):
    return D.kl_divergence(p, q)

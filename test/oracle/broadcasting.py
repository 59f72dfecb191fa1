"""Ops of two or three tensors over random shapes that broadcast: a row each, of PyTorch's shape and values."""

import random

import torch
import torch.nn.functional as F

from row import Source, op_row

ROUNDS = 8


class Shapes:
    """Shapes that broadcast with one another, seeded by name as the numbers are."""

    def __init__(self, name):
        self.random = random.Random(f"thalweg shapes {name}")

    def front(self, rank=3):
        return [self.random.choice([1, 2, 3]) for _ in range(self.random.randint(0, rank))]

    def among(self, shape):
        """One that broadcasts to it: axes in front left out, and sizes made 1."""
        start = self.random.randint(0, len(shape)) if self.random.random() < 0.5 else 0
        return [size if self.random.random() < 0.6 else 1 for size in shape[start:]]

    def pair(self, rank=3):
        """Two that broadcast: neither need be as large as the result."""
        shape = self.front(rank)
        return self.among(shape), self.among(shape)


def elementwise():
    binary = {op: getattr(torch, op) for op in ("add", "sub", "mul", "div", "atan2", "maximum", "minimum", "pow")}
    for op, f in binary.items():
        for i in range(ROUNDS):
            sa, sb = Shapes(f"{op} {i}").pair()
            s = Source(f"{op} random shapes {i}")
            low = 0.25 if op == "pow" else -2
            yield op_row(op, f_of_two(f), {"a": s.fine(sa, low), "b": s.fine(sb)}, note=f"random shapes {i}")
    for i in range(ROUNDS):
        shapes = Shapes(f"where {i}")
        shape = shapes.front()
        sc, sa, sb = (shapes.among(shape) for _ in range(3))
        s = Source(f"where random shapes {i}")
        inputs = {"condition": s.mask(sc), "a": s.fine(sa), "b": s.fine(sb)}
        yield op_row("where", lambda condition, a, b: torch.where(condition, a, b), inputs, note=f"random shapes {i}")


def f_of_two(f):
    return lambda a, b: f(a, b)


def vectors():
    for i in range(2 * ROUNDS):
        shapes = Shapes(f"cosineSimilarity {i}")
        shape = [*shapes.front(2), 3, *shapes.front(1)]
        sa, sb = shapes.among(shape), shapes.among(shape)
        rank = max(len(sa), len(sb))
        if rank == 0:
            continue
        dim = shapes.random.randint(-rank, rank - 1)
        s = Source(f"cosineSimilarity random shapes {i}")
        inputs = {"a": s.fine(sa), "b": s.fine(sb)}

        def cosine(a, b, dim=dim):
            return F.cosine_similarity(a, b, dim)

        yield op_row("cosineSimilarity", cosine, inputs, {"dim": dim}, f"random shapes {i}")
    for i in range(ROUNDS):
        shapes = Shapes(f"pairwiseDistance {i}")
        shape = [*shapes.front(2), 3]
        sa, sb = shapes.among(shape), shapes.among(shape)
        if not sa or not sb:
            continue
        p = shapes.random.choice([1, 2, 3])
        s = Source(f"pairwiseDistance random shapes {i}")
        inputs = {"a": s.fine(sa), "b": s.fine(sb)}

        def distance(a, b, p=p):
            return F.pairwise_distance(a, b, p)

        yield op_row("pairwiseDistance", distance, inputs, {"p": p}, f"random shapes {i}")


def products():
    for i in range(ROUNDS):
        shapes = Shapes(f"matmul {i}")
        (front_a, front_b), (m, k, n) = shapes.pair(2), (shapes.random.randint(1, 3) for _ in range(3))
        s = Source(f"matmul random shapes {i}")
        inputs = {"a": s.fine([*front_a, m, k]), "b": s.fine([*front_b, k, n])}
        yield op_row("matmul", f_of_two(torch.matmul), inputs, note=f"random shapes {i}")
        c = s.fine(shapes.among([m, n]))
        a, b = s.fine([m, k]), s.fine([k, n])

        def addmm(c, a, b):
            return torch.addmm(c, a, b, beta=0.5, alpha=2)

        inputs = {"c": c, "a": a, "b": b}
        yield op_row("addmm", addmm, inputs, {"alpha": 2, "beta": 0.5}, f"random shapes {i}")


def systems():
    for i in range(ROUNDS):
        shapes = Shapes(f"solve {i}")
        (front_a, front_b), (n, m) = shapes.pair(2), (shapes.random.randint(1, 3) for _ in range(2))
        s = Source(f"solve random shapes {i}")
        a = s.fine([*front_a, n, n]) + 4 * torch.eye(n)
        b = s.fine([*front_b, n, m])
        # PyTorch would take a b of a's shape without the last axis for vectors.
        if list(b.shape) == list(a.shape[:-1]):
            continue
        yield op_row("solve", f_of_two(torch.linalg.solve), {"a": a, "b": b}, note=f"random shapes {i}")
        lower = {"a": a.tril(), "b": b}
        yield op_row("solveTriangular", triangular, lower, note=f"random shapes {i}")


def triangular(a, b):
    return torch.linalg.solve_triangular(a.tril(), b, upper=False)


def channels():
    for i in range(ROUNDS):
        shapes = Shapes(f"prelu {i}")
        shape = [shapes.random.randint(1, 3) for _ in range(shapes.random.randint(1, 4))]
        count = shape[1] if len(shape) > 1 and shapes.random.random() < 0.7 else 1
        s = Source(f"prelu random shapes {i}")
        inputs = {"x": s.fine(shape), "weight": s.fine([count])}
        yield op_row("prelu", lambda x, weight: F.prelu(x, weight), inputs, note=f"random shapes {i}")


def rows():
    for family in (elementwise, vectors, products, systems, channels):
        yield from family()

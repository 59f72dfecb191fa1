"""Factors, solutions and determinants of matrices."""

import torch

from row import Source, full, op_row


def regular(s, shape):
    """Far from singular: a random matrix with 4 or −4 added on its diagonal."""
    n = shape[-1]
    signs = torch.tensor([4.0 if i % 3 else -4.0 for i in range(n)])
    return s.fine(shape, -1, 1) + torch.diag(signs)


def symmetric(x):
    return (x + x.mT) / 2


def cholesky(x):
    return torch.linalg.cholesky(symmetric(x))


def solve(a, b):
    return torch.linalg.solve(a, b)


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


def inverse(x):
    return torch.linalg.inv(x)


def det(x):
    return torch.linalg.det(x)


def logdet(x):
    return torch.logdet(x)


def slogdet(x):
    return torch.linalg.slogdet(x).logabsdet


SQUARES = [
    ("1 × 1", [1, 1]),
    ("2 × 2", [2, 2]),
    ("5 × 5", [5, 5]),
    ("stack", [3, 3, 3]),
    ("stack of stacks", [2, 1, 2, 2]),
    ("empty stack", [0, 2, 2]),
    ("0 × 0", [0, 0]),
]
# note, shape of a, shape of b
SYSTEMS = [
    ("vector", [3, 3], [3]),
    ("matrix", [3, 3], [3, 2]),
    ("1 × 1", [1, 1], [1, 1]),
    ("stacks", [2, 3, 3], [2, 3, 2]),
    ("one matrix, many sides", [3, 3], [2, 3, 1]),
    ("many matrices, one side", [2, 3, 3], [3, 2]),
    ("no side", [2, 2], [2, 0]),
]


def rows():
    for note, shape in SQUARES:
        s = Source(f"linear algebra {note}")
        a = regular(s, shape)
        positive = torch.where(torch.linalg.det(a)[..., None, None] < 0, -1.0, 1.0)
        positive[..., 1:] = 1
        for op, f, x in (
            ("cholesky", cholesky, a @ a.mT),
            ("inverse", inverse, a),
            ("det", det, a),
            ("slogdet", slogdet, a),
            ("logdet", logdet, torch.cat([a[..., :1] * positive[..., :1], a[..., 1:]], -1)),
        ):
            yield op_row(op, f, {"x": x}, {}, note)
    for note, of_a, of_b in SYSTEMS:
        s = Source(f"systems {note}")
        inputs = {"a": regular(s, of_a), "b": s.fine(of_b)}

        def spread(a, b):
            return solve(a, b[:, None])[..., 0] if b.dim() == 1 else solve(a, b)

        yield op_row("solve", spread, inputs, {}, note)
        for options in (
            {},
            {"upper": True},
            {"transposeA": True},
            {"upper": True, "transposeA": True, "unitriangular": True},
        ):

            def f(a, b, options=options):
                return solve_triangular(a, b, **options)

            yield op_row("solveTriangular", f, inputs, options, note)
    singular = full([[1, 2], [2, 4]])
    for op, f in (("det", det), ("logdet", logdet), ("slogdet", slogdet)):
        yield op_row(op, f, {"x": singular}, {}, "singular", wrt=[])
    yield op_row("logdet", logdet, {"x": full([[0, 1], [1, 0]])}, {}, "negative", wrt=[])
    large = full([[1e200, 0], [0, 1e200]])
    for op, f in (("det", det), ("slogdet", slogdet), ("inverse", inverse)):
        yield op_row(op, f, {"x": large}, {}, "extreme values", wrt=[])

"""What PyTorch lacks, or computes with constants of float32: twins by the papers or by the definition.

Each is what the file of its class in lib/ names, and has the form of PyTorch's: modules with their parameters, costs with
a reduction, optimizers with groups and a state dict.
"""

import torch
import torch.nn.functional as F
from torch import nn


class NearestNeighbor(nn.Module):
    """argmin_k ‖x − w_k‖², the first of equally near ones."""

    def __init__(self, samples):
        super().__init__()
        self.weight = nn.Parameter(samples.flatten(1))

    def distances(self, x):
        return (x.flatten(1)[:, None, :] - self.weight[None, :, :]).square().sum(2)

    def forward(self, x):
        return self.distances(x).argmin(1)


class SoftNearestNeighbor(nn.Module):
    """softmin_k(‖x − w_k‖² / T)"""

    def __init__(self, samples, temperature=1):
        super().__init__()
        self.neighbors = NearestNeighbor(samples)
        self.temperature = temperature

    def forward(self, x):
        return torch.softmax(-self.neighbors.distances(x) / self.temperature, 1)


class Mlp(nn.Module):
    """Linear, norm, activation, dropout in each hidden layer; Linear at the end. `in` is a word of Python's."""

    def __init__(self, **options):
        super().__init__()
        hidden = options["hidden"]
        widths = [options["in"], *(hidden if isinstance(hidden, tuple) else [hidden])]
        activation = {
            "relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU, "leakyRelu": nn.LeakyReLU,
        }[options.get("activation", "relu")]
        norm = {"batch": [nn.BatchNorm1d], "layer": [nn.LayerNorm]}.get(options.get("norm"), [])
        self.residual = options.get("residual", False)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Linear(before, width), *[kind(width) for kind in norm], activation(), nn.Dropout(options.get("dropout", 0))
            )
            for before, width in zip(widths, widths[1:])
        )
        self.head = nn.Linear(widths[-1], options["out"])

    def forward(self, x):
        for layer in self.layers:
            y = layer(x)
            x = x + y if self.residual and x.shape == y.shape else y
        return self.head(x)


class SparseLinear(nn.Module):
    """x·Wᵀ + b with a dense W that is 0 where there are no weights."""

    def __init__(self, inputs, outputs, pattern, bias=True):
        super().__init__()
        if isinstance(pattern, dict):
            rows, columns = pattern["rows"], pattern["columns"]
        else:
            rows = [i for i, row in enumerate(pattern) for _ in row]
            columns = [j for row in pattern for j in row]
        self.shape = outputs, inputs
        self.values = nn.Parameter(torch.randn(len(rows)))
        self.bias = nn.Parameter(torch.randn(outputs)) if bias else None
        self.register_buffer("rows", torch.tensor(rows, dtype=torch.int64))
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.int64))

    def forward(self, x):
        return F.linear(x, torch.zeros(self.shape).index_put((self.rows, self.columns), self.values), self.bias)


class Units(nn.Module):
    """z[i] = f(Σ_{j ∈ UP(i)} w[i, j]·z[j] + b[i]), unit by unit. The parameters are those of levels: of one depth and one f."""

    F = {
        "tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda s: s, "silu": F.silu,
    }

    def __init__(self, **options):
        super().__init__()
        inputs, up = options["inputs"], options["up"]
        self.inputs, self.up = inputs, [list(one) for one in up]
        read = {j for one in up for j in one}
        units = range(inputs, inputs + len(up))
        self.outputs = list(options.get("outputs", [i for i in units if i not in read]))
        depths = self.depths = {j: 0 for j in range(inputs)}
        while len(depths) < inputs + len(up):
            for i in units:
                if i not in depths and all(j in depths for j in up[i - inputs]):
                    depths[i] = 1 + max(depths[j] for j in up[i - inputs])
        names = [options.get("activation", "tanh")]
        names += [group["activation"] for group in options.get("groups", [])]
        self.f = {i: names[0] for i in units}
        for group in options.get("groups", []):
            for i in units:
                if i in group.get("units", []) or depths[i] == group.get("depth"):
                    self.f[i] = group["activation"]
        keys = sorted({(depths[i], names.index(self.f[i])) for i in units})
        self.levels = nn.ModuleList()
        for key in keys:
            level = nn.Module()
            level.units = [i for i in units if (depths[i], names.index(self.f[i])) == key]
            level.values = nn.Parameter(torch.randn(sum(len(up[i - inputs]) for i in level.units)))
            level.bias = nn.Parameter(torch.randn(len(level.units))) if options.get("bias", True) else None
            self.levels.append(level)

    def forward(self, x):
        z = {j: x[..., j] for j in range(self.inputs)}
        for level in self.levels:
            at = 0
            for k, i in enumerate(level.units):
                s = torch.zeros(x.shape[:-1]) if level.bias is None else level.bias[k]
                for j in self.up[i - self.inputs]:
                    s = s + level.values[at] * z[j]
                    at += 1
                z[i] = self.F[self.f[i]](s)
        return torch.stack([z[i] for i in self.outputs], -1)


class PeriodicEmbedding(nn.Module):
    """Gorishniy et al., 2022: relu([sin v, cos v]·W + b), v = 2π·c·x, with weights of each number's own."""

    def __init__(self, features, dim=24, frequencies=48, scale=0.01):
        super().__init__()
        self.frequency = nn.Parameter(torch.randn(features, frequencies) * scale)
        self.weight = nn.Parameter(torch.randn(features, 2 * frequencies, dim))
        self.bias = nn.Parameter(torch.randn(features, dim))

    def forward(self, x):
        v = 2 * torch.pi * self.frequency * x[..., None]
        waves = torch.cat([v.sin(), v.cos()], -1)
        return torch.relu((waves[..., None, :] @ self.weight)[..., 0, :] + self.bias)


class Tabular(nn.Module):
    """Gorishniy et al., 2021, the ResNet of section 3.2, with embeddings of categories and of numbers."""

    def __init__(
        self, sizes, width=192, blocks=2, hidden=None, dropout=0.3, residual_dropout=0, embedding_dim=None, periodic=None
    ):
        super().__init__()
        self.size = sizes["size"]
        counts = [one["count"] for one in sizes.get("embeddings", [])]
        dims = [embedding_dim or min(600, round(1.6 * n**0.56)) for n in counts]
        if counts:
            self.embeddings = nn.ModuleList(nn.Embedding(n, dim) for n, dim in zip(counts, dims))
        self.periodic = PeriodicEmbedding(self.size, **periodic) if periodic else None
        wide = self.size * (periodic["dim"] if periodic else 1) + sum(dims)
        hidden = hidden or 2 * width
        self.input = nn.Linear(wide, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm1d(width),
                nn.Linear(width, hidden),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(hidden, width),
                nn.Dropout(residual_dropout),
            )
            for _ in range(blocks)
        )
        self.head = nn.Sequential(nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, sizes["outputs"]))

    def forward(self, x, categories=None):
        numbers = x[:, : self.size]
        indices = x[:, self.size :].long() if categories is None else categories
        parts = [self.periodic(numbers).flatten(1) if self.periodic else numbers]
        parts += [table(indices[:, i]) for i, table in enumerate(getattr(self, "embeddings", []))]
        z = self.input(torch.cat(parts, 1))
        for block in self.blocks:
            z = z + block(z)
        return self.head(z)


class Hardsigmoid(nn.Module):
    """relu6(x + 3)/6"""

    def forward(self, x):
        return F.relu6(x + 3) / 6


def squared_error(y, target, reduction):
    """Of each sample ‖y − target‖²: the sum over all dims but the first."""
    squares = (y - target).square()
    each = squares.flatten(1).sum(1) if y.dim() > 1 else squares
    return {"none": each, "mean": each.mean(), "sum": each.sum()}[reduction]


class Descent(torch.optim.Optimizer):
    """An optimizer by its update of one parameter."""

    def __init__(self, params, **defaults):
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, -p.grad if group.get("maximize") else p.grad, self.state[p], **group)


class Lion(Descent):
    """Chen et al., 2023, algorithm 2."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def update(self, p, g, state, lr, betas, weight_decay, **_):
        m = state.setdefault("exp_avg", torch.zeros_like(p))
        update = torch.sign(betas[0] * m + (1 - betas[0]) * g) + weight_decay * p
        p.sub_(lr * update)
        m.mul_(betas[1]).add_((1 - betas[1]) * g)


class GradientDescent(torch.optim.Optimizer):
    """w ← w − η·P·∂L/∂w, with a diagonal P of all numbers of a group."""

    def __init__(self, params, lr=1e-3, preconditioner=None):
        super().__init__(params, {"lr": lr, "preconditioner": preconditioner})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            diagonal = group["preconditioner"]
            move = torch.cat([p.grad.reshape(-1) for p in group["params"]])
            move = move if diagonal is None else diagonal * move
            for p, part in zip(group["params"], move.split([p.numel() for p in group["params"]])):
                p.sub_(group["lr"] * part.reshape(p.shape))


class LAMB(Descent):
    """You et al., 2020, algorithm 2, with φ the identity."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, maximize=False):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def update(self, p, g, state, lr, betas, eps, weight_decay, **_):
        state["step"] = t = state.get("step", 0) + 1
        m = state.setdefault("exp_avg", torch.zeros_like(p)).mul_(betas[0]).add_((1 - betas[0]) * g)
        v = state.setdefault("exp_avg_sq", torch.zeros_like(p)).mul_(betas[1]).add_((1 - betas[1]) * g * g)
        r = m / (1 - betas[0] ** t) / (torch.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * p
        ratio = p.norm() / r.norm() if p.norm() > 0 and r.norm() > 0 else 1
        p.sub_(lr * ratio * r)

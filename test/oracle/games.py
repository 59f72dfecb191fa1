"""Five steps of each method for games, with dense Jacobians and formulas as the papers have them.

z = (w_1, …, w_n). L_i = Σ b_i ∘ tanh(M_i·z) + cos(zᵀ·N_i·z) + 0.15·|w_i|²; for a zero-sum game L_2 = −L_1.
"""

import torch
from torch.func import grad, hessian, jacrev

from row import Source

STEPS = 5


class Game:
    def __init__(self, name, sizes, zero_sum):
        s = Source(f"games {name}")
        n = sum(sizes)
        costs = 1 if zero_sum else len(sizes)
        self.name, self.sizes, self.zero_sum = name, sizes, zero_sum
        self.b = [s.fine([4]) for _ in range(costs)]
        self.m = [s.fine([4, n], -1, 1) for _ in range(costs)]
        self.n = [s.fine([n, n], -0.5, 0.5) for _ in range(costs)]
        self.start = s.fine([n], -1, 1)
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
        self.parts = [slice(end - size, end) for size, end in zip(sizes, ends)]

    def cost(self, i, z):
        if self.zero_sum and i == 1:
            return -self.cost(0, z)
        own = z[self.parts[i]]
        return (self.b[i] * torch.tanh(self.m[i] @ z)).sum() + torch.cos(z @ self.n[i] @ z) + 0.15 * own @ own

    def gradient(self, i, z, j):
        """∂L_i/∂w_j"""
        return grad(lambda z: self.cost(i, z))(z)[self.parts[j]]

    def own(self, i, z):
        return self.gradient(i, z, i)

    def field(self, z):
        return torch.cat([self.own(i, z) for i in range(len(self.sizes))])

    def jacobian(self, z):
        return jacrev(self.field)(z)

    def document(self):
        return {
            "name": self.name,
            "sizes": self.sizes,
            "zeroSum": self.zero_sum,
            "b": self.b,
            "m": self.m,
            "n": self.n,
            "start": self.start,
        }


def put(game, z, i, own):
    z = z.clone()
    z[game.parts[i]] = own
    return z


class Plain:
    def __init__(self, lr):
        self.lr = lr

    def move(self, g):
        return -self.lr * g


class Adam:
    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps, self.t, self.m, self.v = lr, betas, eps, 0, 0, 0

    def move(self, g):
        b1, b2 = self.betas
        self.t += 1
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g * g
        m, v = self.m / (1 - b1**self.t), self.v / (1 - b2**self.t)
        return -self.lr * m / (v.sqrt() + self.eps)


class Adagrad:
    def __init__(self, lr, eps=1e-10):
        self.lr, self.eps, self.sum = lr, eps, 0

    def move(self, g):
        self.sum = self.sum + g * g
        return -self.lr * g / (self.sum.sqrt() + self.eps)


OPTIMIZERS = {"plain": (Plain, {}), "Adam": (Adam, {"betas": [0.5, 0.9]}), "Adagrad": (Adagrad, {})}


def looks(game, z, order, direction, move):
    """Jacobi: all directions at z. Gauss–Seidel: each where the players before have moved."""
    at = z
    for i in range(len(game.sizes)):
        g = direction(i, z if order == "alternating" else at)
        z = move(i, z, g)
    return z


def adjusted(direction):
    """A method that puts another direction in the gradient's place."""

    def run(game, z, order, optimizers, options):
        for _ in range(STEPS):
            z = looks(
                game,
                z,
                order,
                lambda i, at: direction(game, i, at, optimizers, options),
                lambda i, at, g: put(game, at, i, at[game.parts[i]] + optimizers[i].move(g)),
            )
            yield z

    return run


def descent(game, i, z, optimizers, options):
    return game.own(i, z)


def consensus(game, i, z, optimizers, options):
    xi = game.field(z)
    return (xi + options["gamma"] * game.jacobian(z).T @ xi)[game.parts[i]]


def symplectic(game, i, z, optimizers, options):
    xi, jacobian = game.field(z), game.jacobian(z)
    turn = (jacobian.T - jacobian) @ xi / 2
    slope = jacobian.T @ xi
    sign = 1
    if options["align"]:
        sign = torch.sign((xi @ slope) * (turn @ slope) / len(z) + 0.1)
    return (xi + options["lambda"] * sign * turn)[game.parts[i]]


def lola(game, i, z, optimizers, options):
    others = [j for j in range(len(game.sizes)) if j != i]
    alpha = {j: options.get("opponentLr", optimizers[j].lr) for j in others}
    if options.get("firstOrder", False):
        # ∂_i L_i − Σ_j α_j·(∂_i∂_j L_i · ∂_j L_j + (∂_i ∂_j L_j)ᵀ · ∂_j L_i)
        out = game.own(i, z)
        for j in others:
            mixed = hessian(lambda z: game.cost(i, z))(z)[game.parts[i], game.parts[j]]
            shaping = hessian(lambda z: game.cost(j, z))(z)[game.parts[i], game.parts[j]]
            out = out - alpha[j] * (mixed @ game.own(j, z) + shaping @ game.gradient(i, z, j))
        return out

    def after(own):
        here = torch.cat([own if k == i else z[game.parts[k]] for k in range(len(game.sizes))])
        return game.cost(
            i,
            torch.cat(
                [
                    here[game.parts[k]] - (0 if k == i else alpha[k] * game.own(k, here))
                    for k in range(len(game.sizes))
                ]
            ),
        )

    return grad(after)(z[game.parts[i]])


def extragradient(game, z, order, optimizers, options):
    past = [torch.zeros(size) for size in game.sizes]
    for _ in range(STEPS):
        start = z
        ahead = (lambda i, at: past[i]) if options["past"] else game.own
        z = looks(
            game, z, order, ahead, lambda i, at, g: put(game, at, i, start[game.parts[i]] + optimizers[i].move(g))
        )

        def step(i, at, g):
            past[i] = g
            return put(game, at, i, start[game.parts[i]] + optimizers[i].move(g))

        z = looks(game, z, order, game.own, step)
        yield z


def optimistic(game, z, order, optimizers, options):
    last = [torch.zeros(size) for size in game.sizes]

    def step(i, at, g):
        move = optimizers[i].move(g)
        moved = put(game, at, i, at[game.parts[i]] + 2 * move - last[i])
        last[i] = move
        return moved

    for _ in range(STEPS):
        z = looks(game, z, order, game.own, step)
        yield z


def competitive(game, z, order, optimizers, options):
    x, y = game.parts
    square = torch.zeros_like(z)
    lr = torch.cat([torch.full([size], o.lr) for size, o in zip(game.sizes, optimizers)])
    for t in range(1, STEPS + 1):
        xi, jacobian = game.field(z), game.jacobian(z)
        rates = lr
        if options.get("adaptive", False):
            square = options["beta"] * square + (1 - options["beta"]) * xi * xi
            rates = lr * (1 - options["beta"] ** t) ** 0.5 / (square.sqrt() + options["eps"])
        # Δ = −η·(ξ + D·Δ) with D the mixed second derivatives alone.
        mixed = torch.zeros_like(jacobian)
        mixed[x, y], mixed[y, x] = jacobian[x, y], jacobian[y, x]
        z = z + torch.linalg.solve(torch.eye(len(z)) + rates[:, None] * mixed, -rates * xi)
        yield z


METHODS = {
    "descent": adjusted(descent),
    "extragradient": extragradient,
    "optimistic": optimistic,
    "consensus": adjusted(consensus),
    "symplectic": adjusted(symplectic),
    "lola": adjusted(lola),
    "competitive": competitive,
}

# The method, its options, and the optimizers with which the literature has it.
CASES = [
    ("descent", {}, ["plain", "Adam"]),
    ("extragradient", {"past": False}, ["plain", "Adam"]),
    ("extragradient", {"past": True}, ["plain", "Adam"]),
    ("optimistic", {}, ["plain", "Adam", "Adagrad"]),
    ("consensus", {"gamma": 0.7}, ["plain", "Adam"]),
    ("symplectic", {"lambda": 0.8, "align": False}, ["plain"]),
    ("symplectic", {"lambda": 0.8, "align": True}, ["plain", "Adam"]),
    ("lola", {}, ["plain", "Adam"]),
    ("lola", {"opponentLr": 0.3}, ["plain"]),
    ("lola", {"firstOrder": True}, ["plain"]),
    ("competitive", {}, ["plain"]),
    ("competitive", {"adaptive": True, "beta": 0.9, "eps": 0.001}, ["plain"]),
]


def runs(game):
    for method, options, kinds in CASES:
        if method == "competitive" and len(game.sizes) != 2:
            continue
        for order in ["simultaneous", "alternating"]:
            if method == "competitive" and order == "alternating":
                continue
            for kind in kinds:
                rates = [0.1 + 0.05 * i for i in range(len(game.sizes))]
                make, settings = OPTIMIZERS[kind]
                optimizers = [make(lr, **settings) for lr in rates]
                after = list(METHODS[method](game, game.start, order, optimizers, options))
                yield {
                    "method": method,
                    "options": options,
                    "order": order,
                    "optimizer": kind,
                    "settings": settings,
                    "lr": rates,
                    "after": after,
                }


def rows():
    for game in [Game("two players", [3, 2], False), Game("zero-sum", [2, 3], True), Game("three players", [2, 1, 2], False)]:
        yield {
            **game.document(),
            "field": game.field(game.start),
            "jacobian": game.jacobian(game.start),
            "runs": list(runs(game)),
        }

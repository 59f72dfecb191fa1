"""OpenAI-ES in JAX: a jitted generation per call, or many in one jitted scan. Usage: jax_evolution_peer.py IMPL

The same algorithm as the library's: antithetic pairs, centred ranks, descent with momentum.
Install: `npm run bench:peers`, or `pip install jax jaxlib optax numpy`.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jax_networks import cost
from serve import Session, pick, serve


def build_generation(settings, population):
    """(layers, state), steps, x, y → (layers, state), mean loss. The steps of a parameter are [P/2, ...shape]."""
    sigma = settings["sigma"]
    optimizer = optax.sgd(settings["lr"], momentum=settings["momentum"])

    def generation(carry, steps, x, y):
        layers, state = carry
        candidates = jax.tree.map(lambda w, e: jnp.concatenate([w + e, w - e]), layers, steps)
        losses = jax.vmap(cost, in_axes=(0, None, None))(candidates, x, y)
        u = jnp.argsort(jnp.argsort(losses)) / (population - 1) - 0.5
        weights = (u[: population // 2] - u[population // 2 :]) / (population * sigma**2)
        gradient = jax.tree.map(lambda e: jnp.tensordot(weights, e, 1), steps)
        updates, state = optimizer.update(gradient, state, layers)
        return (optax.apply_updates(layers, updates), state), losses.mean()

    return optimizer, generation


class Evolution(Session):
    """The common part of both ways."""

    def __init__(self, file):
        settings = file.header["evolution"]
        pairs, sigma = settings["population"] // 2, settings["sigma"]
        layers = [(jnp.array(weight), jnp.array(bias)) for weight, bias in file.layers]
        optimizer, generation = build_generation(settings, settings["population"])
        _, self.verified = build_generation(settings, settings["verified"])
        self.carry = (layers, optimizer.init(layers))
        self.key = jax.random.key(0)
        self.xs, self.ys = jnp.array(file["x"]), jnp.array(file["y"])
        self.first_steps = [(file[f"e{2 * i}"], file[f"e{2 * i + 1}"]) for i in range(len(layers))]
        self.at = 0
        self.last = None
        leaves, structure = jax.tree.flatten(layers)

        def drawn(carry, key, x, y):
            keys = jax.random.split(key, len(leaves))
            steps = [sigma * jax.random.normal(k, (pairs, *leaf.shape)) for k, leaf in zip(keys, leaves)]
            return generation(carry, jax.tree.unflatten(structure, steps), x, y)

        self.drawn = drawn

    def verify(self, batches):
        steps = jax.tree.map(jnp.array, self.first_steps)
        (layers, _), _ = jax.jit(self.verified)(self.carry, steps, self.xs[0], self.ys[0])
        self.first_steps = None
        return pick(np.concatenate([np.asarray(leaf).reshape(-1) for leaf in jax.tree.leaves(layers)]))

    def loss(self):
        return float(self.last)


class Jit(Evolution):
    def __init__(self, file):
        super().__init__(file)

        def step(carry, key, x, y):
            key, own = jax.random.split(key)
            carry, loss = self.drawn(carry, own, x, y)
            return carry, key, loss

        self.batches = list(zip(self.xs, self.ys))
        self.step = jax.jit(step, donate_argnums=0)

    def run(self, steps):
        for _ in range(steps):
            self.carry, self.key, self.last = self.step(self.carry, self.key, *self.batches[self.at])
            self.at = (self.at + 1) % len(self.batches)
        self.last.block_until_ready()


class Scan(Evolution):
    def __init__(self, file, chunk):
        super().__init__(file)
        self.fixed_steps = chunk

        def many(carry, key, xs, ys, batches):
            keys = jax.random.split(key, chunk + 1)

            def step(carry, one):
                own, at = one
                return self.drawn(carry, own, xs[at], ys[at])

            carry, losses = jax.lax.scan(step, carry, (keys[1:], batches))
            return carry, keys[0], losses[-1]

        self.many = jax.jit(many, donate_argnums=0)

    def run(self, steps):
        batches = np.arange(self.at, self.at + steps, dtype=np.int32) % len(self.xs)
        self.at = (self.at + steps) % len(self.xs)
        self.carry, self.key, self.last = self.many(self.carry, self.key, self.xs, self.ys, batches)
        self.last.block_until_ready()


def main(name):
    def prepare(request, file):
        return Scan(file, request["chunk"]) if name == "jax-es-scan" else Jit(file)

    serve(name, jax.__version__, ["evolution"], prepare)


main(sys.argv[1])

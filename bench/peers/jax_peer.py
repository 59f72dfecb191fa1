"""JAX: a jitted step per call, or many steps in one jitted scan. Usage: jax_peer.py IMPL

Install: `npm run bench:peers`, or `pip install jax jaxlib optax numpy`.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jax_networks import cost, forward
from serve import Session, pick, serve


def build_optimizer(name, settings):
    if name == "adam":
        b1, b2 = settings["betas"]
        return optax.adam(settings["lr"], b1=b1, b2=b2, eps=settings["eps"])
    return optax.sgd(settings["lr"], momentum=settings.get("momentum"))


def build_step(optimizer):
    """(layers, state), x, y → (layers, state), loss"""

    def step(carry, x, y):
        layers, state = carry
        loss, gradient = jax.value_and_grad(cost)(layers, x, y)
        updates, state = optimizer.update(gradient, state, layers)
        return (optax.apply_updates(layers, updates), state), loss

    return step


class Train(Session):
    """The common part of both ways of training."""

    def __init__(self, file, name):
        self.optimizer = build_optimizer(name, file.header["optimizers"][name])
        layers = [(jnp.array(weight), jnp.array(bias)) for weight, bias in file.layers]
        self.carry = (layers, self.optimizer.init(layers))
        self.last = None

    def loss(self):
        return float(self.last)


class Jit(Train):
    def __init__(self, file, name):
        super().__init__(file, name)
        self.batches = [(jnp.array(x), jnp.array(y)) for x, y in zip(file["x"], file["y"])]
        self.at = 0
        self.update = jax.jit(build_step(self.optimizer), donate_argnums=0)

    def step(self, at):
        self.carry, self.last = self.update(self.carry, *self.batches[at])
        return self.last

    def run(self, steps):
        for _ in range(steps):
            self.step(self.at)
            self.at = (self.at + 1) % len(self.batches)
        self.last.block_until_ready()

    def verify(self, batches):
        return [float(self.step(at)) for at in batches]


class Scan(Train):
    def __init__(self, file, name, chunk):
        super().__init__(file, name)
        self.fixed_steps = chunk
        self.xs, self.ys = jnp.array(file["x"]), jnp.array(file["y"])
        self.at = 0
        step = build_step(self.optimizer)

        def many(carry, xs, ys, batches):
            return jax.lax.scan(lambda carry, at: step(carry, xs[at], ys[at]), carry, batches)

        self.many = jax.jit(many, donate_argnums=0)

    def steps(self, batches):
        self.carry, losses = self.many(self.carry, self.xs, self.ys, batches)
        return losses

    def run(self, steps):
        batches = np.arange(self.at, self.at + steps, dtype=np.int32) % len(self.xs)
        self.at = (self.at + steps) % len(self.xs)
        self.last = self.steps(batches)[-1].block_until_ready()

    def verify(self, batches):
        return self.steps(np.array(batches, dtype=np.int32)).tolist()


class Infer(Session):
    def __init__(self, file):
        self.layers = [(jnp.array(weight), jnp.array(bias)) for weight, bias in file.layers]
        self.xs = [jnp.array(x) for x in file["x"]]
        self.at = 0
        self.forward = jax.jit(forward)

    def run(self, steps):
        # Waits after each: a prediction is needed when it is made.
        for _ in range(steps):
            self.forward(self.layers, self.xs[self.at]).block_until_ready()
            self.at = (self.at + 1) % len(self.xs)

    def verify(self, batches):
        return pick(self.forward(self.layers, self.xs[0]))


class Jacobian(Session):
    """∂y/∂x of one sample per step."""

    def __init__(self, file):
        self.layers = [(jnp.array(weight), jnp.array(bias)) for weight, bias in file.layers]
        self.xs = [jnp.array(x[0]) for x in file["x"]]
        self.at = 0
        self.of = jax.jit(jax.jacrev(forward, argnums=1))

    def run(self, steps):
        for _ in range(steps):
            self.of(self.layers, self.xs[self.at]).block_until_ready()
            self.at = (self.at + 1) % len(self.xs)

    def verify(self, batches):
        return pick(self.of(self.layers, self.xs[0]))


class Product(Session):
    def __init__(self, file):
        layout = file.header["product"]["layout"]
        self.a, self.b = jnp.array(file["a"]), jnp.array(file["b"])

        def multiply(a, b):
            return (a.T if layout[0] == "T" else a) @ (b.T if layout[1] == "T" else b)

        self.multiply = jax.jit(multiply)

    def run(self, steps):
        for _ in range(steps):
            y = self.multiply(self.a, self.b)
        y.block_until_ready()

    def verify(self, batches):
        return pick(np.asarray(self.multiply(self.a, self.b)))


MODES = {"jax-jit": ["train", "infer", "matmul", "jacobian"], "jax-scan": ["train"]}


def main(name):
    def prepare(request, file):
        # XLA has no setting for its threads: it uses all cores that the process may use.
        if request["mode"] == "matmul":
            return Product(file)
        if request["mode"] == "infer":
            return Infer(file)
        if request["mode"] == "jacobian":
            return Jacobian(file)
        if name == "jax-scan":
            return Scan(file, request["optimizer"], request["chunk"])
        return Jit(file, request["optimizer"])

    serve(name, jax.__version__, MODES[name], prepare)


main(sys.argv[1])

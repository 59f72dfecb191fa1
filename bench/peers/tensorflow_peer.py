"""TensorFlow on the CPU, which tfjs-node runs on: a tf.function per step, as it is or compiled by XLA.
Usage: tensorflow_peer.py IMPL

Install: `npm run bench:peers`, or `pip install tensorflow-cpu numpy`.
"""

import os
import sys

import numpy as np
import tensorflow as tf

from serve import Session, pick, serve

THREADS = int(os.environ.get("OMP_NUM_THREADS", "0"))
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)


def variables_of(file):
    """[(weight [in, out], TensorFlow's layout, bias [out]), …]"""
    return [(tf.Variable(weight.T.copy()), tf.Variable(bias)) for weight, bias in file.layers]


def forward(layers, x):
    """Scores [B, C] of x [B, in]."""
    for i, (weight, bias) in enumerate(layers):
        x = tf.matmul(x, weight) + bias
        if i < len(layers) - 1:
            x = tf.nn.relu(x)
    return x


def cost(layers, x, y):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=forward(layers, x)))


class Sgd:
    def __init__(self, settings, parameters):
        self.lr = settings["lr"]

    def update(self, parameters, gradients):
        for w, g in zip(parameters, gradients):
            w.assign_sub(self.lr * g)


class Momentum:
    def __init__(self, settings, parameters):
        self.lr, self.momentum = settings["lr"], settings["momentum"]
        self.velocities = [tf.Variable(tf.zeros_like(w)) for w in parameters]

    def update(self, parameters, gradients):
        for w, g, v in zip(parameters, gradients, self.velocities):
            v.assign(self.momentum * v + g)
            w.assign_sub(self.lr * v)


class Adam:
    def __init__(self, settings, parameters):
        self.lr, self.betas, self.eps = settings["lr"], settings["betas"], settings["eps"]
        self.m = [tf.Variable(tf.zeros_like(w)) for w in parameters]
        self.v = [tf.Variable(tf.zeros_like(w)) for w in parameters]
        self.count = tf.Variable(0.0)

    def update(self, parameters, gradients):
        b1, b2 = self.betas
        self.count.assign_add(1.0)
        c1, c2 = 1 - b1**self.count, 1 - b2**self.count
        for w, g, m, v in zip(parameters, gradients, self.m, self.v):
            m.assign(b1 * m + (1 - b1) * g)
            v.assign(b2 * v + (1 - b2) * g * g)
            w.assign_sub(self.lr * (m / c1) / (tf.sqrt(v / c2) + self.eps))


OPTIMIZERS = {"sgd": Sgd, "momentum": Momentum, "adam": Adam}


class Train(Session):
    def __init__(self, file, name, compiled):
        layers = variables_of(file)
        parameters = [w for layer in layers for w in layer]
        optimizer = OPTIMIZERS[name](file.header["optimizers"][name], parameters)
        self.batches = [(tf.constant(x), tf.constant(y)) for x, y in zip(file["x"], file["y"])]
        self.at = 0
        self.last = None

        @tf.function(jit_compile=compiled)
        def update(x, y):
            with tf.GradientTape() as tape:
                loss = cost(layers, x, y)
            optimizer.update(parameters, tape.gradient(loss, parameters))
            return loss

        self.update = update

    def step(self, at):
        self.last = self.update(*self.batches[at])
        return self.last

    def run(self, steps):
        for _ in range(steps):
            self.step(self.at)
            self.at = (self.at + 1) % len(self.batches)
        self.last.numpy()

    def verify(self, batches):
        return [float(self.step(at)) for at in batches]

    def loss(self):
        return float(self.last)


class Infer(Session):
    def __init__(self, file, compiled):
        layers = variables_of(file)
        self.xs = [tf.constant(x) for x in file["x"]]
        self.at = 0
        self.forward = tf.function(lambda x: forward(layers, x), jit_compile=compiled)

    def run(self, steps):
        # Waits after each: a prediction is needed when it is made.
        for _ in range(steps):
            self.forward(self.xs[self.at]).numpy()
            self.at = (self.at + 1) % len(self.xs)

    def verify(self, batches):
        return pick(self.forward(self.xs[0]).numpy())


class Product(Session):
    def __init__(self, file, compiled):
        layout = file.header["product"]["layout"]
        self.a, self.b = tf.constant(file["a"]), tf.constant(file["b"])
        self.multiply = tf.function(
            lambda a, b: tf.matmul(a, b, transpose_a=layout[0] == "T", transpose_b=layout[1] == "T"),
            jit_compile=compiled,
        )

    def run(self, steps):
        for _ in range(steps):
            y = self.multiply(self.a, self.b)
        np.asarray(y)

    def verify(self, batches):
        return pick(np.asarray(self.multiply(self.a, self.b)))


def main(name):
    compiled = name == "tensorflow-xla"

    def prepare(request, file):
        if request["mode"] == "matmul":
            return Product(file, compiled)
        if request["mode"] == "infer":
            return Infer(file, compiled)
        return Train(file, request["optimizer"], compiled)

    serve(name, tf.__version__, ["train", "infer", "matmul"], prepare)


main(sys.argv[1])

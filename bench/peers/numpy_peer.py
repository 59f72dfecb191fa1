"""NumPy by hand, and its matrix product, which is OpenBLAS's. Usage: numpy_peer.py

Install: `npm run bench:peers`, or `pip install numpy`.
"""

import numpy as np

from serve import Session, pick, serve


def forward(layers, x):
    """[z_0, …, z_K]: the states from the input to the scores."""
    states = [x]
    for i, (weight, bias) in enumerate(layers):
        z = states[-1] @ weight.T
        z += bias
        if i < len(layers) - 1:
            np.maximum(z, 0, out=z)
        states.append(z)
    return states


def backward(layers, states, y):
    """The mean cost, and its gradient with respect to each weight and bias."""
    scores = states[-1]
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - shifted[rows, y]))
    dz = exponentials
    dz /= sums
    dz[rows, y] -= 1
    dz /= np.float32(len(y))
    gradients = []
    for i in reversed(range(len(layers))):
        gradients[:0] = [dz.T @ states[i], dz.sum(axis=0)]
        if i > 0:
            dz = dz @ layers[i][0]
            dz *= states[i] > 0
    return loss, gradients


class Sgd:
    def __init__(self, settings, parameters):
        self.lr = np.float32(settings["lr"])

    def update(self, parameters, gradients):
        for w, g in zip(parameters, gradients):
            g *= self.lr
            w -= g


class Momentum:
    def __init__(self, settings, parameters):
        self.lr, self.momentum = np.float32(settings["lr"]), np.float32(settings["momentum"])
        self.velocities = [np.zeros_like(w) for w in parameters]

    def update(self, parameters, gradients):
        for w, g, v in zip(parameters, gradients, self.velocities):
            v *= self.momentum
            v += g
            np.multiply(v, self.lr, out=g)
            w -= g


class Adam:
    def __init__(self, settings, parameters):
        self.lr, self.betas, self.eps = settings["lr"], settings["betas"], np.float32(settings["eps"])
        self.m = [np.zeros_like(w) for w in parameters]
        self.v = [np.zeros_like(w) for w in parameters]
        self.t = 0

    def update(self, parameters, gradients):
        self.t += 1
        b1, b2 = self.betas
        rate = np.float32(self.lr / (1 - b1**self.t))
        correction = np.float32(1 / np.sqrt(1 - b2**self.t))
        for w, g, m, v in zip(parameters, gradients, self.m, self.v):
            m *= np.float32(b1)
            m += np.float32(1 - b1) * g
            v *= np.float32(b2)
            np.square(g, out=g)
            g *= np.float32(1 - b2)
            v += g
            np.sqrt(v, out=g)
            g *= correction
            g += self.eps
            np.divide(m, g, out=g)
            g *= rate
            w -= g


OPTIMIZERS = {"sgd": Sgd, "momentum": Momentum, "adam": Adam}


class Train(Session):
    def __init__(self, file, name):
        self.layers = file.layers
        self.parameters = [array for layer in self.layers for array in layer]
        self.optimizer = OPTIMIZERS[name](file.header["optimizers"][name], self.parameters)
        self.batches = list(zip(file["x"], file["y"]))
        self.at = 0
        self.last = None

    def step(self, at):
        x, y = self.batches[at]
        self.last, gradients = backward(self.layers, forward(self.layers, x), y)
        self.optimizer.update(self.parameters, gradients)
        return self.last

    def run(self, steps):
        for _ in range(steps):
            self.step(self.at)
            self.at = (self.at + 1) % len(self.batches)

    def verify(self, batches):
        return [self.step(at) for at in batches]

    def loss(self):
        return self.last


class Infer(Session):
    def __init__(self, file):
        self.layers, self.xs = file.layers, list(file["x"])
        self.at = 0

    def run(self, steps):
        for _ in range(steps):
            forward(self.layers, self.xs[self.at])
            self.at = (self.at + 1) % len(self.xs)

    def verify(self, batches):
        return pick(forward(self.layers, self.xs[0])[-1])


class Product(Session):
    def __init__(self, file):
        self.a, self.b = file.operands

    def run(self, steps):
        for _ in range(steps):
            self.a @ self.b

    def verify(self, batches):
        return pick(self.a @ self.b)


def prepare(request, file):
    # The threads are in OPENBLAS_NUM_THREADS.
    if request["mode"] == "matmul":
        return Product(file)
    if request["mode"] == "infer":
        return Infer(file)
    return Train(file, request["optimizer"])


def blas():
    information = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{information['name']} {information['version']}"


serve("numpy", f"{np.__version__} ({blas()})", ["train", "infer", "matmul"], prepare)

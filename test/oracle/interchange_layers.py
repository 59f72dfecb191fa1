"""Models of Keras and Flax for the tests of thalweg/interchange, in interchange/: their weights as .npz, an input and
the output (layers.json); and the defaults of the layers and functions that docs/interchange.md compares.

pip install keras==3.15.1 jax==0.10.2 flax==0.12.8 torch==2.13.0
KERAS_BACKEND=jax python test/oracle/interchange_layers.py
"""

import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import flax
import flax.linen as linen
import jax
import keras
import numpy as np
import torch
from flax import nnx

from interchange import FOLDER, write


def numbers(shape, seed, low=-0.9, high=0.9):
    """In float32, with a few bits each, so that the files are small and exact."""
    return np.round(np.random.default_rng(seed).uniform(low, high, shape) * 64).astype(np.float32) / 64


def keras_row(name, model, x):
    for i, variable in enumerate(model.weights):
        positive = variable.name in ("moving_variance", "gamma", "scale")
        variable.assign(numbers(variable.shape, i, 0.5, 2) if positive else numbers(variable.shape, i))
    np.savez(FOLDER / f"{name}.npz", *model.get_weights())
    return {"x": x.tolist(), "y": np.asarray(model(x, training=False)).tolist()}


def keras_rows():
    layers = keras.layers
    dense = keras.Sequential([
        layers.Dense(8, activation="relu"),
        layers.BatchNormalization(),
        layers.PReLU(),
        layers.Dropout(0.5),
        layers.LayerNormalization(),
        layers.GroupNormalization(2),
        layers.RMSNormalization(),
        layers.Dense(3, use_bias=False, activation="gelu"),
    ])
    dense.build((None, 6))
    yield "keras-dense", keras_row("keras-dense", dense, numbers((5, 6), 1))
    sequence = keras.Sequential([layers.Embedding(10, 4), layers.GRU(5), layers.Dense(2)])
    sequence.build((None, 3))
    yield "keras-sequence", keras_row("keras-sequence", sequence, np.array([[1, 9, 3], [0, 0, 7]]))


class Dense(linen.Module):
    @linen.compact
    def __call__(self, x):
        x = linen.BatchNorm(use_running_average=True)(linen.relu(linen.Dense(8)(x)))
        x = linen.PReLU()(x)
        x = linen.RMSNorm()(linen.GroupNorm(num_groups=2)(linen.LayerNorm()(x)))
        x = linen.Dense(8)(x)
        return linen.gelu(linen.Dense(3, use_bias=False)(x))


class Sequence(linen.Module):
    def setup(self):
        self.embed = linen.Embed(10, 4)
        self.cell = linen.GRUCell(5)
        self.head = linen.Sequential([linen.Dense(4), linen.tanh, linen.Dense(2)])

    def __call__(self, x):
        h = jax.numpy.zeros((x.shape[0], 5))
        for t in range(x.shape[1]):
            h, _ = self.cell(h, self.embed(x[:, t]))
        return self.head(h)


def flax_row(name, model, x):
    variables = model.init(jax.random.key(0), x)
    flat = flax.traverse_util.flatten_dict(variables, sep="/")
    for i, (key, value) in enumerate(flat.items()):
        positive = key.endswith(("/var", "/scale"))
        flat[key] = numbers(value.shape, i, 0.5, 2) if positive else numbers(value.shape, i)
    np.savez(FOLDER / f"{name}.npz", **flat)
    variables = flax.traverse_util.unflatten_dict(flat, sep="/")
    return {"x": x.tolist(), "y": np.asarray(model.apply(variables, x)).tolist()}


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(3, 4, rngs=rngs)
        self.norm = nnx.BatchNorm(4, use_running_average=True, rngs=rngs)
        self.last = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x):
        return self.last(self.norm(self.first(x)))


def nnx_row(name, model, x):
    state = nnx.to_pure_dict(nnx.state(model))
    flat = flax.traverse_util.flatten_dict(state, sep="/")
    for i, (key, value) in enumerate(flat.items()):
        positive = key.endswith(("/var", "/scale"))
        flat[key] = numbers(value.shape, i, 0.5, 2) if positive else numbers(value.shape, i)
    np.savez(FOLDER / f"{name}.npz", **flat)
    nnx.replace_by_pure_dict(own := nnx.state(model), flax.traverse_util.unflatten_dict(flat, sep="/"))
    nnx.update(model, own)
    return {"x": x.tolist(), "y": np.asarray(model(x)).tolist()}


def flax_rows():
    yield "flax-dense", flax_row("flax-dense", Dense(), numbers((5, 6), 1))
    yield "flax-sequence", flax_row("flax-sequence", Sequence(), np.array([[1, 9, 3], [0, 0, 7]]))
    yield "flax-nnx", nnx_row("flax-nnx", Nnx(nnx.Rngs(0)), numbers((5, 3), 1))


def defaults(function):
    """The defaults that are numbers, truths or text."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(parameter.default, (bool, int, float, str)):
            found[name] = parameter.default
    return found


def library_defaults():
    names = "Dense BatchNormalization LayerNormalization GroupNormalization RMSNormalization Embedding PReLU GRUCell"
    names += " Dropout LeakyReLU ELU"
    found = {f"keras.layers.{name}": defaults(getattr(keras.layers, name).__init__) for name in names.split()}
    for name in "gelu elu leaky_relu celu".split():
        found[f"keras.activations.{name}"] = defaults(getattr(keras.activations, name))
    for name in "Dense BatchNorm LayerNorm GroupNorm RMSNorm Embed PReLU GRUCell Dropout".split():
        found[f"linen.{name}"] = defaults(getattr(linen, name))
    for name in "gelu elu leaky_relu celu".split():
        found[f"linen.{name}"] = defaults(getattr(linen, name))
    names = "Linear BatchNorm1d LayerNorm GroupNorm RMSNorm Embedding PReLU GRUCell Dropout LeakyReLU ELU CELU GELU"
    for name in names.split():
        found[f"torch.nn.{name}"] = defaults(getattr(torch.nn, name))
    return found


def library_names():
    rooms = {
        "torch.nn": torch.nn,
        "keras.layers": keras.layers,
        "keras.activations": keras.activations,
        "linen": linen,
        "nnx": nnx,
    }
    page = (FOLDER.parent.parent.parent / "docs/interchange.md").read_text()
    return {room: [name for name in dir(module) if name in page] for room, module in rooms.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write("layers.json", {"models": dict([*keras_rows(), *flax_rows()]), "defaults": library_defaults(), "names": library_names()})

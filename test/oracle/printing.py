"""Arrays as NumPy prints them: what test/tensor/printing.test.ts compares with.

    .venv/bin/python test/oracle/printing.py

With a seed and a number of random arrays, other cases on standard output: THALWEG_PRINTING=FILE has the test read them.
"""

import json
import pathlib
import sys

import numpy as np

SPECIAL = [
    [], [0.0], [-0.0, 1], [1, 2, 3], [0.1, 0.25, -3], [1 / 3, 2 / 3], [1e-5, 1], [1e-4, 0.5], [1, 1000], [1, 1001],
    [999999], [1e6], [1e8, 1], [123456789.123, 5], [np.nan], [np.inf, 1.5], [-np.inf, 0.25, np.nan], [np.nan, np.inf],
    [1e300, 1e-300], [1.5e-45, 3.4e38], [0.001953125, 1], [0.005859375, -1], [1.001953125e9, 1], [1.005859375e-9, 3],
    [99999999, 0.5], [12345678.9, 1], [0.99999999949, 1], [2**-9 * 3, 100.5], [5e-324], [1e-7, -1e-7, 0],
]


def text(array, name="Tensor"):
    return np.array2string(array, separator=", ", prefix=name + "(", suffix=")", max_line_width=75)


def case(array):
    flat = ["nan" if x != x else str(x) for x in array.reshape(-1).astype("float64" if array.dtype == "bool" else array.dtype)]
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": flat, "text": text(array)}


def cases(rng, count):
    for values in SPECIAL:
        for dtype in ["float64", "float32"]:
            with np.errstate(over="ignore", under="ignore"):
                yield case(np.array(values, dtype))
    yield case(np.array(7.5))
    yield case(np.array(-3, "int32"))
    yield case(np.array(True))
    yield case(np.array([[True, False], [True, True]]))
    yield case(np.array([], "int32"))
    yield case(np.zeros((2, 0, 3)))
    yield case(np.array([[[1, -20], [300, 4]], [[5, 6], [7, 8]]], "int32"))
    for _ in range(count):
        shape = tuple(rng.integers(1, 6, rng.integers(1, 4)))
        dtype = rng.choice(["float64", "float32"])
        scale = 10.0 ** rng.integers(-6, 9)
        values = rng.standard_normal(shape) * scale * 10 ** (rng.standard_normal(shape) * rng.choice([0, 0, 0.3, 2]))
        yield case(np.round(values, rng.integers(0, 12)).astype(dtype))
    for n in [5, 14]:
        yield case(rng.standard_normal((2, n)))
        yield case(rng.integers(-50, 50, (n,)).astype("int32"))


def long():
    """Of more than a thousand elements: a multiple of each position."""
    for shape in [(1001,), (1000,), (40, 40), (3, 400), (400, 3), (10, 11, 12), (2, 3, 4, 50), (7, 1, 200)]:
        for step in [1.0, 0.37]:
            array = (np.arange(np.prod(shape)) * step).reshape(shape)
            yield {"shape": shape, "step": step, "text": text(array)}


def main():
    seed, count = (int(x) for x in sys.argv[1:]) if len(sys.argv) > 1 else (0, 12)
    rng = np.random.default_rng(seed)
    answers = {"short": list(cases(rng, count)), "long": list(long())}
    if len(sys.argv) > 1:
        json.dump(answers, sys.stdout)
        return
    path = pathlib.Path(__file__).parent / "printing.json"
    path.write_text(json.dumps(answers, separators=(",", ":")) + "\n")


main()

"""Writes graded.json: singular values, R and the pseudo-inverse of matrices whose columns differ by up to 1e580, by
mpmath with enough digits for that. Needs mpmath."""

import json
import random
from pathlib import Path

import mpmath

mpmath.mp.dps = 1500
draw = random.Random(1)
ROWS, COLUMNS = 6, 4
ORDERS = {"down": [0, 1, 2, 3], "up": [3, 2, 1, 0], "mixed": [1, 3, 0, 2]}


def graded(span, order):
    """Normal numbers times powers of 10 that differ by `span` between the columns."""
    exponents = [round(span / 2 - span * order[j] / (COLUMNS - 1)) for j in range(COLUMNS)]
    return [[float(f"{draw.gauss(0, 1):.6f}e{e}") for e in exponents] for _ in range(ROWS)]


def lists(x):
    return [[float(x[i, j]) for j in range(x.cols)] for i in range(x.rows)]


def answers(span, name):
    rows = graded(span, ORDERS[name])
    x = mpmath.matrix(rows)
    r = mpmath.qr(x, mode="skinny")[1]
    # R with a diagonal above 0, of which there is one.
    for i in range(COLUMNS):
        if r[i, i] < 0:
            for j in range(COLUMNS):
                r[i, j] = -r[i, j]
    values = mpmath.svd_r(x, compute_uv=False)
    gram = x.T * x
    inverse = mpmath.inverse(gram) * x.T
    return {
        "name": f"columns {span} powers of 10 apart, {name}",
        "x": rows,
        "values": sorted((float(v) for v in values), reverse=True),
        "r": lists(r),
        "pinv": lists(inverse),
    }


cases = [answers(span, name) for span in (0, 160, 300, 400, 580) for name in ORDERS]
target = Path(__file__).parent / "graded.json"
target.write_text("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]\n")

"""The values that SciPy's Nelder–Mead meets, evaluation by evaluation.

pip install scipy==1.17.1
python test/oracle/nelder_mead.py
"""

import numpy as np
from scipy.optimize import minimize

from write import write_json

MOST = 240


def rosenbrock(x):
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def cusp(x):
    """Not smooth, so that the simplex shrinks."""
    return float(np.sum(np.sqrt(np.abs(x - 0.3)) * np.arange(1, len(x) + 1)))


FUNCTIONS = {"rosenbrock": rosenbrock, "cusp": cusp}
CASES = [
    ("rosenbrock", [-1.2, 1], True, None),
    ("rosenbrock", [-1.2, 1], False, None),
    ("rosenbrock", [0, 1, 2, -1, 0.5], True, None),
    ("rosenbrock", [0, 1, 2, -1, 0.5], False, None),
    ("rosenbrock", [0.5, 1.5, 1.2, 0.1, 1.49], True, [0, 1.5]),
    ("cusp", [1, 2, -1], True, None),
    ("cusp", [1, 2, -1], False, [-1, 2]),
    ("cusp", [1.5, -2, 0.7, 3, 1, 2, -1, 0], True, None),
]


def row(function, x0, adaptive, bounds):
    values = []

    def counted(x):
        values.append(FUNCTIONS[function](x))
        return values[-1]

    options = {"adaptive": adaptive, "maxfev": 10_000}
    result = minimize(
        counted,
        x0,
        method="Nelder-Mead",
        bounds=None if bounds is None else [bounds] * len(x0),
        options=options,
    )
    return {
        "function": function,
        "x0": x0,
        "adaptive": adaptive,
        "bounds": bounds,
        "values": values[:MOST],
        "evaluations": len(values),
        "x": result.x.tolist(),
    }


write_json("nelder-mead.json", [row(*case) for case in CASES])

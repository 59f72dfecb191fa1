"""What `cma.bbobbenchmarks` computes for BBOB's noiseless functions: optima, and values at three points.

pip install cma==4.5.0
python test/oracle/bbob.py
"""

import numpy as np
from cma import bbobbenchmarks

from write import write_json

DIMENSIONS = [2, 5, 10, 20]
INSTANCES = range(1, 16)


def points(function, instance, d, xopt):
    """Where searches begin, in [−4, 4]^d; a point that is mostly outside of [−5, 5]^d; one next to the optimum."""
    start = 8 * bbobbenchmarks.unif(d, 1e9 + 1e6 * d + 1e3 * function + instance) - 4
    return [start, 2 * start, xopt + 1e-3 * start]


def row(function, d):
    fopts, xopts, values = [], [], []
    for instance in INSTANCES:
        problem, fopt = bbobbenchmarks.instantiate(function, instance)
        problem.evaluate(np.zeros(d))  # the first evaluation sets the dimension
        fopts.append(float(fopt))
        # Weighted, so that the order counts.
        xopts.append(float(np.dot(problem.xopt, np.arange(1, d + 1))))
        values.append([float(problem.evaluate(x)) for x in points(function, instance, d, problem.xopt)])
    return {"function": function, "d": d, "fopt": fopts, "xopt": xopts, "values": values}


write_json("bbob.json", [row(function, d) for function in range(1, 25) for d in DIMENSIONS])

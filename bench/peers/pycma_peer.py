"""pycma's CMA-ES on BBOB's functions. Usage: pycma_peer.py

Install: `npm run bench:peers`, or `pip install cma`.
"""

import time

import cma
from cma import bbobbenchmarks

from searches import SIGMA, serve_searches, start_point


def search(**restarts):
    def run(function, start, budget, seed):
        options = {"verbose": -9, "seed": seed, "maxfevals": budget}
        cma.fmin2(function, start, SIGMA, options, **restarts)

    return run


def outside(method, d, generations, min_millis):
    """The first generations on rotated Rosenbrock."""
    problem, _ = bbobbenchmarks.instantiate(9, 1)
    samples, started = [], time.perf_counter()
    while len(samples) < 2 or time.perf_counter() - started < min_millis / 1000:
        strategy = cma.CMAEvolutionStrategy(start_point(9, 1, d), SIGMA, {"verbose": -9, "seed": len(samples) + 1})
        seconds, evaluations = 0.0, 0
        for _ in range(generations):
            before = time.perf_counter()
            points = strategy.ask()
            seconds += time.perf_counter() - before
            values = [problem.evaluate(x) for x in points]
            before = time.perf_counter()
            strategy.tell(points, values)
            seconds += time.perf_counter() - before
            evaluations += len(points)
        samples.append(1e6 * seconds / evaluations)
    return samples[1:]  # as in all that is timed, the first sample does not count


SEARCHES = {"cma-es": search(), "cma-es, BIPOP": search(bipop=True, restarts=9)}

serve_searches("pycma", cma.__version__, SEARCHES, outside, timed=["cma-es"])

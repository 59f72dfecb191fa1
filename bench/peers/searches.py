"""Searches of BBOB's functions by a peer in Python, and their side of the protocol: the twin of impl/searches.ts."""

import json
import sys
import warnings

import numpy as np
from cma import bbobbenchmarks

from serve import say

SIGMA = 2.0
BOUND = 5.0


class Ended(Exception):
    """The last target is hit, or the budget is spent."""


class Counted:
    """A function that counts its evaluations, also those to each target, and ends the search."""

    def __init__(self, problem, targets, budget):
        self.evaluate, self.budget = problem.evaluate, budget
        self.levels = [problem.fopt + target for target in targets]
        self.hits = []
        self.evaluations = 0

    def __call__(self, x):
        if self.evaluations == self.budget:
            raise Ended
        self.evaluations += 1
        value = float(self.evaluate(x))
        while value <= self.levels[len(self.hits)]:
            self.hits.append(self.evaluations)
            if len(self.hits) == len(self.levels):
                raise Ended
        return value


def start_point(function, instance, d):
    """As in bench/bbob/index.ts."""
    return 8 * bbobbenchmarks.unif(d, 1e9 + 1e6 * d + 1e3 * function + instance) - 4


def run(search, request, instance):
    function, d, budget = request["function"], request["d"], request["budget"]
    problem, _ = bbobbenchmarks.instantiate(function, instance)
    counted = Counted(problem, request["targets"], budget)
    seed = 1_000_000 * request["seed"] + 1000 * function + instance  # as in impl/searches.ts
    try:
        search(counted, start_point(function, instance, d), budget, seed)
    except Ended:
        pass
    misses = [None] * (len(counted.levels) - len(counted.hits))
    return {"instance": instance, "evaluations": counted.evaluations, "hits": counted.hits + misses}


def serve_searches(name, version, searches, outside=None, timed=()):
    """
    Answers requests until the input ends. `searches` by method: `search(function, start, budget, seed)`.
    `outside(method, d, generations, min_millis)`: samples of the microseconds outside f, an evaluation, of the methods
    `timed`.
    """
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    say({"name": name, "version": version, "modes": [], "searches": list(searches), "outside": timed})
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        try:
            if request["do"] == "quit":
                break
            if request["do"] == "search":
                search = searches[request["method"]]
                say({"ok": True, "runs": [run(search, request, instance) for instance in request["instances"]]})
            else:
                samples = outside(request["method"], request["d"], request["generations"], request["minMillis"])
                say({"ok": True, "samples": samples})
        except Exception as error:  # whatever it is, the benchmark reports it
            say({"ok": False, "error": f"{type(error).__name__}: {error}"})

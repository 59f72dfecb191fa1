"""What pycma says of its constants, weights and bounds, for test/gradient-free/cma.test.ts.

    pip install cma==4.5.0 && python test/oracle/evolution.py
"""
import json
import pathlib
import warnings

import cma
import numpy as np
from cma.boundary_handler import BoundTransform

warnings.simplefilter("ignore")
VERSION = "4.5.0"


def parameters(d, size, kind):
    options = {"verbose": -9, "popsize": size, "CMA_mirrors": 0}
    if kind == "diagonal":
        options["CMA_diagonal"] = True
        options["AdaptSigma"] = cma.sigma_adaptation.CMAAdaptSigmaCSA
    es = cma.CMAEvolutionStrategy(d * [0.5], 1, options)
    sp = es.sp
    rates = [sp.c1_sep, sp.cmu_sep, sp.cc_sep] if kind == "diagonal" else [sp.c1, sp.cmu, sp.cc]
    return {
        "d": d,
        "size": size,
        "kind": kind,
        "weights": list(sp.weights),
        "mueff": sp.weights.mueff,
        **dict(zip(["c1", "cmu", "cc"], rates)),
        "cs": es.adapt_sigma.cs,
        "damps": float(es.adapt_sigma.damps),
        "maxGenerations": es.opts["maxiter"],
    }


def transformed(lower, upper):
    inf = float("inf")
    handler = BoundTransform([[lower if lower is not None else -inf], [upper if upper is not None else inf]])
    xs = [-37.7, -12.3, -5.3, -5.04, -4.99, -1.2, -0.03, 0.0, 0.01, 0.4, 0.97, 1.0, 1.02, 3.3, 5.1, 29.5]
    ys = [float(handler.repair(np.array([x]))[0]) for x in xs]
    inverses = [float(handler.inverse(np.array([y]))[0]) for y in ys]
    return {"lower": lower, "upper": upper, "x": xs, "y": ys, "inverse": inverses}


def evaluations(name, d, kind, seeds=15):
    """Evaluations until a value is at most 1e-8, over some seeds."""
    f = getattr(cma.ff, name)
    options = {"verbose": -9, "verb_log": 0, "signals_filename": "", "ftarget": 1e-8, "CMA_diagonal": kind == "diagonal"}
    counts = []
    for seed in range(1, seeds + 1):
        es = cma.CMAEvolutionStrategy(d * [1.5], 0.5, {**options, "seed": seed})
        while not es.stop():
            points = es.ask()
            es.tell(points, [f(x) for x in points])
        counts.append(es.countevals if "ftarget" in es.stop() else None)
    return {"name": name, "d": d, "kind": kind, "evaluations": counts}


assert cma.__version__ == VERSION, cma.__version__
answers = {
    "cma": VERSION,
    "parameters": [
        parameters(d, size, kind)
        for kind in ["full", "diagonal"]
        for d, size in [(2, 6), (2, 48), (5, 8), (10, 10), (10, 11), (20, 12), (20, 384), (100, 17), (3, 7)]
    ],
    "transform": [transformed(lower, upper) for lower, upper in [(-5, 5), (0, 1), (0, None), (None, 0.02), (0, 0.01)]],
    "runs": [
        evaluations(name, d, kind)
        for name, kind in [
            ("sphere", "full"),
            ("elli", "full"),
            ("rosen", "full"),
            ("cigar", "full"),
            ("tablet", "full"),
            ("diffpow", "full"),
            ("sphere", "diagonal"),
            ("elli", "diagonal"),
        ]
        for d in ([2, 5] if name == "diffpow" else [2, 5, 10, 20])
    ],
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(answers) + "\n")

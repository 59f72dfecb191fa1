"""SciPy's methods without gradients on BBOB's functions. Usage: scipy_peer.py

Install: `npm run bench:peers`, or `pip install cma scipy`.
"""

import scipy
from scipy.optimize import differential_evolution, minimize

from searches import BOUND, serve_searches


def nelder_mead(function, start, budget, seed):
    options = {"adaptive": True, "xatol": 1e-10, "fatol": 1e-10, "maxfev": budget, "maxiter": budget}
    minimize(function, start, method="Nelder-Mead", options=options)


def evolution(function, start, budget, seed):
    bounds = [(-BOUND, BOUND)] * len(start)
    differential_evolution(function, bounds, x0=start, rng=seed, maxiter=budget, tol=1e-12, polish=False)


SEARCHES = {"nelder-mead": nelder_mead, "differential-evolution": evolution}

serve_searches("scipy", scipy.__version__, SEARCHES)

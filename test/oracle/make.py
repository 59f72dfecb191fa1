"""Writes what PyTorch computes in float64: ops, functions, modules, costs, singular points, optimizers, training (.json).

pip install torch==2.13.0
python test/oracle/make.py
"""

import os
import sys

# Before torch is loaded: plain loops and one thread, so that the files do not depend on the CPU.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"
sys.dont_write_bytecode = True

import torch

import activations
import broadcasting
import costs
import elementwise
import functions
import indexing
import linear_algebra
import matmul
import modules
import nets
import optimizers
import reduce
import schedules
import shape
import singular
import structure
import training
from write import write_json

VERSION = "2.13.0"


def distinct(rows, key):
    """A test is named for its row, so two rows of one name would hide each other."""
    seen = set()
    for row in rows:
        name = key(row)
        assert name not in seen, f"two rows are named {name}"
        seen.add(name)
    return rows


def op_name(row):
    shapes = tuple(tuple(x.shape) for x in row["inputs"].values())
    return row["op"], row["note"], str(row["options"]), shapes


def main():
    if torch.__version__.split("+")[0] != VERSION:
        sys.exit(f"make.py: expected torch {VERSION}, found {torch.__version__}")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)

    families = (elementwise, reduce, matmul, shape, indexing, structure, linear_algebra, activations, broadcasting)
    ops = distinct([row for family in families for row in family.rows()], op_name)
    write_json("ops.json", ops)
    write_json("functions.json", distinct(list(functions.rows()), lambda r: r["function"]))
    cases = nets.read()
    write_json("modules.json", distinct(modules.rows(cases["modules"]), lambda r: (r["case"]["name"], r["note"])))
    write_json("costs.json", distinct(costs.rows(cases["costs"]), lambda r: str(r["case"])))
    write_json("singular.json", distinct(list(singular.rows()), lambda r: (r["function"], r["note"], str(r["options"]))))
    write_json("optimizers.json", optimizers.document(cases["optimizers"], cases["runs"]))
    write_json("schedules.json", schedules.document(cases["schedules"]))
    write_json("training.json", training.document())


main()

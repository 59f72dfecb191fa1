"""Writes what PyTorch computes in float64, of the ops apart (ops.ts): functions, modules, costs, singular points, optimizers, games, training (.json).

pip install torch==2.13.0
python test/oracle/make.py
"""

import plain_torch  # noqa: F401

import costs
import functions
import games
import modules
import nets
import optimizers
import schedules
import singular
import training
from write import write_json


def distinct(rows, key):
    """A test is named for its row, so two rows of one name would hide each other."""
    seen = set()
    for row in rows:
        name = key(row)
        assert name not in seen, f"two rows are named {name}"
        seen.add(name)
    return rows


def main():
    write_json("functions.json", distinct(list(functions.rows()), lambda r: r["function"]))
    cases = nets.read()
    write_json("modules.json", distinct(modules.rows(cases["modules"]), lambda r: (r["case"]["name"], r["note"])))
    write_json("costs.json", distinct(costs.rows(cases["costs"]), lambda r: str(r["case"])))
    write_json("singular.json", distinct(list(singular.rows()), lambda r: (r["function"], r["note"], str(r["options"]))))
    write_json("optimizers.json", optimizers.document(cases["optimizers"], cases["runs"]))
    write_json("schedules.json", schedules.document(cases["schedules"]))
    write_json("games.json", distinct(list(games.rows()), lambda r: r["name"]))
    write_json("training.json", training.document())


main()

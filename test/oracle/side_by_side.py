"""Counts the lines of the programs of examples/side-by-side, and runs each with five seeds.

pip install scikit-learn==1.9.1 pandas==3.0.6 torch==2.13.0 keras==3.15.1 tensorflow-cpu==2.21.0 black==26.5.1
npm run build && python test/oracle/side_by_side.py           # names of libraries after it: those alone
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

# Programs this small are slower with more threads.
os.environ |= {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
ORACLE = Path(__file__).parent
PROGRAMS = ORACLE.parent.parent / "examples" / "side-by-side"
PAGE = ORACLE.parent.parent / "docs" / "side-by-side.md"
SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")
LIBRARIES = {"Thalweg": ".ts", "scikit-learn": "_sklearn.py", "Keras": "_keras.py", "PyTorch": "_torch.py"}
SEEDS = range(5)


def with_seed(source, seed):
    return re.sub(r"((?:seed|random_state)(?:\(|=|: ))0\b", rf"\g<1>{seed}", source, flags=re.IGNORECASE)


def lines(source):
    """Lines of code: neither blank nor a comment."""
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith(("#", "//")))


def printed(source, suffix):
    if suffix == ".ts":
        # Beside the programs, so that the package's name leads to it.
        file = PROGRAMS / ".measured.ts"
        file.write_text(source)
        try:
            command = ["node", "--import", "tsx", file.name]
            return subprocess.run(command, cwd=PROGRAMS, check=True, stdout=subprocess.PIPE, text=True).stdout
        finally:
            file.unlink()
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings(action="ignore"):
        exec(compile(source, "program", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def measured(name, suffix):
    path = PROGRAMS / f"{name}{suffix}"
    source = path.read_text()
    scores = [round(float(printed(with_seed(source, seed), suffix).split()[-1]), 4) for seed in SEEDS]
    return {"lines": lines(source), "scores": scores}


def write_tables(figures):
    """Writes the tables of the page: their head stays."""
    cells = (lambda one: f"{one['lines']}", lambda one: "{:.3f} ({:.3f} to {:.3f})".format(
        sum(one["scores"]) / len(one["scores"]), min(one["scores"]), max(one["scores"])
    ))
    page = PAGE.read_text()
    head, *rest = re.split(r"(\| set .*\n\|(?:---\|)+\n)(?:\|.*\n)*", page)
    for at, cell in enumerate(cells):
        rows = [f"| {name} | {' | '.join(cell(own[one]) for one in own)} |\n" for name, own in figures.items()]
        rest[2 * at] += "".join(rows)
    PAGE.write_text(head + "".join(rest))


subprocess.run([sys.executable, "-m", "black", "--check", "--quiet", PROGRAMS], check=True)
subprocess.run(["npx", "biome", "format", PROGRAMS], cwd=PROGRAMS, check=True, stdout=subprocess.DEVNULL)
os.chdir(PROGRAMS)
path = ORACLE / "side-by-side.json"
for library in sys.argv[1:] or LIBRARIES:
    for name in SETS:
        found = measured(name, LIBRARIES[library])
        print(name, library, found, flush=True)
        figures = json.loads(path.read_text()) if path.exists() else {}
        own = figures.get(name, {}) | {library: found}
        figures[name] = {one: own[one] for one in LIBRARIES if one in own}
        path.write_text(json.dumps({one: figures[one] for one in SETS if one in figures}, indent=2) + "\n")
write_tables(json.loads(path.read_text()))

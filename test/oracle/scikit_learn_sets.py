"""Writes five data sets of scikit-learn as CSV files for examples/side-by-side.

pip install scikit-learn==1.9.1
python test/oracle/scikit_learn_sets.py
"""

import csv
import gzip
import io
from pathlib import Path

from sklearn import datasets

FOLDER = Path(__file__).parent.parent.parent / "examples" / "side-by-side" / "data"
TARGETS = {"iris": "species", "wine": "class", "breast_cancer": "tumor", "digits": "digit", "diabetes": "progression"}


def text(value):
    """A number as short as it can be: 5.1, 16."""
    return repr(int(value)) if float(value).is_integer() else repr(float(value))


def rows(name):
    loaded = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    yield [feature.removesuffix(" (cm)").replace(" ", "_") for feature in loaded.feature_names] + [TARGETS[name]]
    for x, y in zip(loaded.data, loaded.target):
        is_named = name in ("iris", "wine", "breast_cancer")
        yield [text(value) for value in x] + [loaded.target_names[y] if is_named else text(y)]


FOLDER.mkdir(parents=True, exist_ok=True)
for name in TARGETS:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows(name))
    content = out.getvalue().encode()
    if name == "digits":
        # mtime: the same bytes each time.
        (FOLDER / "digits.csv.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    else:
        (FOLDER / f"{name}.csv").write_bytes(content)

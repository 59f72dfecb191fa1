"""From the rows of an example to inputs, by scikit-learn."""

import numpy as np
from shared import rows
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def columns(part, target):
    """The columns of a part by kind (texts, truths, numbers; missing ones NaN), and the targets."""
    kinds = ([], [], [])
    for name in part[0]:
        if name in ("part", target):
            continue
        values = [np.nan if row[name] is None else row[name] for row in part]
        one = next(value for value in values if value == value)
        kinds[0 if isinstance(one, str) else 1 if isinstance(one, bool) else 2].append(values)
    table = np.array([values for kind in kinds for values in kind], dtype=object).T
    return table, [len(kind) for kind in kinds], np.array([row[target] for row in part])


def encoded(example, target):
    """Inputs and targets of each part of an example. Categories one by one; numbers with the median for missing ones, and
    a column that shows these. What is made of them is learnt from the training part."""
    parts = [columns(part, target) for part in rows(example)]
    sizes = parts[0][1]
    texts, truths, numbers = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encoder = ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
            ("truths", "passthrough", truths),
            ("numbers", scaled, numbers),
        ],
        sparse_threshold=0,
    ).fit(parts[0][0])
    return [(encoder.transform(x).astype(np.float32), y) for x, _, y in parts]

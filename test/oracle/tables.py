"""What scikit-learn's networks reach on the tables of examples/table.ts and examples/regression.ts, over five seeds.

The examples print the rows of their parts. The network, its steps and what is made of the columns are the examples'.

pip install scikit-learn==1.9.1
python test/oracle/tables.py
"""

import json
import subprocess
import warnings
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = Path(__file__).parent.parent.parent
SEEDS = range(5)


def parts(example, target):
    """The columns of both parts: numbers (missing ones NaN), categories, targets."""
    command = ["npx", "tsx", f"examples/{example}.ts", "--rows"]
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [json.loads(line) for line in printed.splitlines()]
    names = [name for name in rows[0] if name not in ("part", target)]
    texts = [name for name in names if isinstance(next(r[name] for r in rows if r[name] is not None), str)]
    columns = texts + [name for name in names if name not in texts]
    for part in ("train", "test"):
        own = [row for row in rows if row["part"] == part]
        x = np.array([[np.nan if r[n] is None else r[n] for n in columns] for r in own], dtype=object)
        yield x, np.array([r[target] for r in own])
    yield len(texts), len(columns)


def encoder(texts, columns):
    """Categories one by one; numbers with the median for missing ones, and a column that shows these."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore"), list(range(texts))),
            ("numbers", numbers, list(range(texts, columns))),
        ],
        sparse_threshold=0,
    )


def network(kind, epochs, seed):
    """The examples' network and steps: no weight decay, no early end."""
    return kind(
        hidden_layer_sizes=(64, 32), alpha=0, batch_size=64, learning_rate_init=0.001, max_iter=epochs, tol=0,
        n_iter_no_change=epochs, random_state=seed,
    )


def spread(figures):
    return {
        name: {"mean": np.mean(values), "min": min(values), "max": max(values)} for name, values in figures.items()
    }


def classification(epochs=30):
    (x, y), (x_test, y_test), sizes = parts("table", "left")
    figures = {"accuracy": [], "ROC AUC": []}
    for seed in SEEDS:
        model = make_pipeline(encoder(*sizes), network(MLPClassifier, epochs, seed)).fit(x, y)
        figures["accuracy"].append(accuracy_score(y_test, model.predict(x_test)))
        figures["ROC AUC"].append(roc_auc_score(y_test, model.predict_proba(x_test)[:, 1]))
    return spread(figures)


def regression(epochs=60):
    (x, y), (x_test, y_test), sizes = parts("regression", "rent")
    figures = {"R²": [], "mean absolute error": []}
    mean, deviation = y.mean(), y.std()
    for seed in SEEDS:
        model = make_pipeline(encoder(*sizes), network(MLPRegressor, epochs, seed)).fit(x, (y - mean) / deviation)
        predicted = model.predict(x_test) * deviation + mean
        figures["R²"].append(r2_score(y_test, predicted))
        figures["mean absolute error"].append(mean_absolute_error(y_test, predicted))
    return spread(figures)


warnings.filterwarnings("ignore", category=ConvergenceWarning)
figures = {"table": classification(), "regression": regression()}
path = Path(__file__).parent / "tables.json"
path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
print(path.read_text())

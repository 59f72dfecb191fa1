"""The scores of PyTorch and scikit-learn on the tables of examples/table.ts and examples/regression.ts, over five seeds.

The networks and their steps are the examples'. scikit-learn's network for two classes has one output, and begins with
other random weights.

pip install torch==2.13.0 scikit-learn==1.9.1
python test/oracle/examples/tables.py
"""

import warnings

import numpy as np
import torch
from shared import mlp, over_seeds, rows, train, write
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch.nn.functional import cross_entropy, mse_loss

HIDDEN = (64, 32)


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


def inputs(example, target):
    """Categories one by one; numbers with the median for missing ones, and a column that shows these."""
    (x, sizes, y), (x_test, _, y_test) = (columns(part, target) for part in rows(example))
    texts, truths, numbers = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encoder = ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
            ("truths", "passthrough", truths),
            ("numbers", scaled, numbers),
        ],
        sparse_threshold=0,
    )
    x, x_test = (part.astype(np.float32) for part in (encoder.fit_transform(x), encoder.transform(x_test)))
    return x, y, x_test, y_test


def scikit_learn(kind, epochs, seed):
    """The examples' steps: no weight decay, no early end."""
    return kind(
        hidden_layer_sizes=HIDDEN, alpha=0, batch_size=64, learning_rate_init=0.001, max_iter=epochs, tol=0,
        n_iter_no_change=epochs, random_state=seed,
    )


def classification(epochs=10):
    x, y, x_test, y_test = inputs("table", "left")
    x_tensor, y_tensor = torch.tensor(x), torch.tensor(y == "yes").long()

    def scores(chance):
        return {
            "accuracy": accuracy_score(y_test == "yes", chance > 0.5),
            "ROC AUC": roc_auc_score(y_test, chance),
        }

    def pytorch(seed):
        model = mlp(x.shape[1], *HIDDEN, 2)
        cost = lambda batch: cross_entropy(model(x_tensor[batch]), y_tensor[batch])
        train(cost, model.parameters(), len(x), epochs, batch_size=64, lr=0.001)
        return scores(model(torch.tensor(x_test)).softmax(1)[:, 1].detach().numpy())

    def scikit(seed):
        return scores(scikit_learn(MLPClassifier, epochs, seed).fit(x, y).predict_proba(x_test)[:, 1])

    return {"Mlp": {"PyTorch": over_seeds(pytorch), "scikit-learn": over_seeds(scikit)}}


def regression(epochs=60):
    x, y, x_test, y_test = inputs("regression", "rent")
    mean, deviation = y.mean(), y.std()
    y = ((y - mean) / deviation).astype(np.float32)
    x_tensor, y_tensor = torch.tensor(x), torch.tensor(y)

    def scores(predicted):
        rents = predicted * deviation + mean
        return {"R²": r2_score(y_test, rents), "mean absolute error": mean_absolute_error(y_test, rents)}

    def pytorch(seed):
        model = mlp(x.shape[1], *HIDDEN, 1)
        cost = lambda batch: mse_loss(model(x_tensor[batch])[:, 0], y_tensor[batch])
        train(cost, model.parameters(), len(x), epochs, batch_size=64, lr=0.001)
        return scores(model(torch.tensor(x_test))[:, 0].detach().numpy())

    def scikit(seed):
        return scores(scikit_learn(MLPRegressor, epochs, seed).fit(x, y).predict(x_test))

    return {"Mlp": {"PyTorch": over_seeds(pytorch), "scikit-learn": over_seeds(scikit)}}


warnings.filterwarnings("ignore", category=ConvergenceWarning)
write("table", classification())
write("regression", regression())

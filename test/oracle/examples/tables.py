"""The scores of PyTorch and scikit-learn on the tables of examples/table.ts and examples/regression.ts, over five seeds.

The networks and their steps are the examples'. scikit-learn's network for two classes has one output, and begins with
other random weights.

pip install torch==2.13.0 scikit-learn==1.9.1
python test/oracle/examples/tables.py
"""

import warnings

import numpy as np
import torch
from columns import encoded
from shared import mlp, over_seeds, train, write
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch.nn.functional import cross_entropy, mse_loss

HIDDEN = (64, 32)


def scikit_learn(kind, epochs, seed):
    """The examples' steps: no weight decay, no early end."""
    return kind(
        hidden_layer_sizes=HIDDEN, alpha=0, batch_size=64, learning_rate_init=0.001, max_iter=epochs, tol=0,
        n_iter_no_change=epochs, random_state=seed,
    )


def classification(epochs=10):
    (x, y), (x_test, y_test) = encoded("table", "left")
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
    (x, y), (x_test, y_test) = encoded("regression", "rent")
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

"""PyTorch's scores on the payments of examples/imbalanced.ts by the same four methods, over five seeds.

pip install torch==2.13.0 scikit-learn==1.9.1
python test/oracle/examples/imbalanced.py
"""

import numpy as np
import torch
from columns import encoded
from shared import mlp, over_seeds, train, write
from sklearn.metrics import (
    average_precision_score, balanced_accuracy_score, precision_recall_curve, precision_score, recall_score,
)
from torch.nn.functional import cross_entropy

(X, Y), (X_VALIDATION, Y_VALIDATION), (X_TEST, Y_TEST) = (
    (torch.tensor(x), torch.tensor(y == "yes").long()) for x, y in encoded("imbalanced", "fraud")
)
COUNTS = torch.bincount(Y)
BALANCED = len(Y) / (2 * COUNTS)


def chances(model, x):
    with torch.no_grad():
        return model(x).softmax(1)[:, 1].numpy()


def judge(model, threshold=0.5):
    chance = chances(model, X_TEST)
    taken = chance >= threshold
    return {
        "precision": precision_score(Y_TEST, taken),
        "recall": recall_score(Y_TEST, taken),
        "balanced accuracy": balanced_accuracy_score(Y_TEST, taken),
        "average precision": average_precision_score(Y_TEST, chance),
    }


def best_threshold(model):
    """The chance from which on a payment is taken for fraud so that F1 of the validation part is largest."""
    precision, recall, thresholds = precision_recall_curve(Y_VALIDATION, chances(model, X_VALIDATION))
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return thresholds[np.argmax(f1[:-1])]


def learn(weight=None, draw=None, epochs=15):
    """`draw` gives as many samples in place of those of a mini-batch."""
    model = mlp(X.shape[1], 32, 16, 2)

    def cost(batch):
        samples = batch if draw is None else draw(len(batch))
        return cross_entropy(model(X[samples]), Y[samples], weight=weight)

    train(cost, model.parameters(), len(X), epochs, batch_size=128, lr=0.003)
    return model


def with_threshold(_seed):
    model = learn()
    return judge(model, best_threshold(model))


def draw(count):
    return torch.multinomial(BALANCED[Y], count, replacement=True)


write(
    "imbalanced",
    {
        "as it is": {"PyTorch": over_seeds(lambda _seed: judge(learn()))},
        "threshold by validation": {"PyTorch": over_seeds(with_threshold)},
        "classWeight: balanced": {"PyTorch": over_seeds(lambda _seed: judge(learn(weight=BALANCED)))},
        "balanced mini-batches": {"PyTorch": over_seeds(lambda _seed: judge(learn(draw=draw)))},
    },
)

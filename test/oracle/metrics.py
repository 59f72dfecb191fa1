"""What scikit-learn's metrics give for 200 small sets with ties, missing classes and weights.

The sets come from a generator that test/metrics/sets.ts has too, so the file holds the answers alone.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn import metrics as m
from sklearn.preprocessing import label_binarize

SETS = 200

warnings.filterwarnings("ignore")


class Draws:
    """x ← (1664525·x + 1013904223) mod 2³²; a number below n is ⌊x·n / 2³²⌋."""

    def __init__(self, seed):
        self.x = seed
        for _ in range(4):
            self.below(2)

    def below(self, n):
        self.x = (1664525 * self.x + 1013904223) % 2**32
        return self.x * n // 2**32

    def many(self, count, n):
        return [self.below(n) for _ in range(count)]


def make(number):
    d = Draws(number + 1)
    n = 2 + d.below(39)
    classes = 3 + d.below(3)
    width = 1 + d.below(3)
    labels = d.many(n, classes)
    predicted = d.many(n, classes)
    raw = [[1 + d.below(8) for _ in range(classes)] for _ in range(n)]
    yes = d.many(n, 2)
    scores = [d.below(11) / 10 for _ in range(n)]
    y = [[(d.below(21) - 10) / 4 for _ in range(width)] for _ in range(n)]
    t = [[(d.below(21) - 10) / 4 for _ in range(width)] for _ in range(n)]
    w = [1.0] + [d.below(5) / 2 for _ in range(n - 1)]
    return dict(
        classes=classes,
        labels=np.array(labels),
        predicted=np.array(predicted),
        p=np.array([[x / sum(row) for x in row] for row in raw]),
        yes=np.array(yes),
        scores=np.array(scores),
        y=np.array(y),
        t=np.array(t),
        w=np.array(w) if number % 2 == 1 else None,
        zero_division=[0.0, 1.0, math.nan][number % 3],
        beta=[0.5, 1.0, 2.0][number % 3],
    )


def calibration(confidence, right, w, bins):
    """Bin by bin, as Guo et al. have it."""
    edges = np.arange(bins + 1) / bins
    total = 0
    for b in range(bins):
        inside = (confidence > edges[b]) & (confidence <= edges[b + 1])
        if b == 0:
            inside |= confidence == 0
        weight = w[inside].sum()
        if weight > 0:
            accuracy = (w * right)[inside].sum() / weight
            total += weight * abs(accuracy - (w * confidence)[inside].sum() / weight)
    return total / w.sum()


def answers(s):
    w = {"sample_weight": s["w"]}
    weights = np.ones(len(s["labels"])) if s["w"] is None else s["w"]
    a, b = s["labels"], s["predicted"]
    every = list(range(s["classes"]))
    zero = {"zero_division": s["zero_division"]}
    guess = (s["scores"] > 0.5).astype(int)
    yield "accuracy", m.accuracy_score(a, b, **w)
    yield "accuracy of scores", m.accuracy_score(a, s["p"].argmax(1), **w)
    yield "accuracy of two classes", m.accuracy_score(s["yes"], guess, **w)
    yield "accuracy, top 2", m.top_k_accuracy_score(a, s["p"], k=2, labels=every, **w)
    yield "balancedAccuracy", m.balanced_accuracy_score(a, b, **w)
    yield "balancedAccuracy, adjusted", m.balanced_accuracy_score(a, b, adjusted=True, **w)
    yield "matthewsCorrcoef", m.matthews_corrcoef(a, b, **w)
    for average in ["micro", "macro", "weighted"]:
        yield f"precision, {average}", m.precision_score(a, b, average=average, **w, **zero)
        yield f"recall, {average}", m.recall_score(a, b, average=average, **w, **zero)
        yield f"fBeta, {average}", m.fbeta_score(a, b, beta=s["beta"], average=average, **w, **zero)
    yield "precision of each", m.precision_score(a, b, average=None, **w, **zero)
    yield "recall of some", m.recall_score(a, b, average="macro", labels=[0, 2], **w, **zero)
    yield "precision of two classes", m.precision_score(s["yes"], guess, **w, **zero)
    yield "f1 of two classes", m.f1_score(s["yes"], guess, **w, **zero)
    yield "confusionMatrix", m.confusion_matrix(a, b, **w).ravel()
    for normalize in ["true", "pred", "all"]:
        yield f"confusionMatrix, {normalize}, its diagonal", m.confusion_matrix(a, b, normalize=normalize, **w).diagonal()
    yield "rocAuc", m.roc_auc_score(s["yes"], s["scores"], **w)
    has_both = len(set(s["yes"][weights > 0])) == 2
    # scikit-learn refuses this where all samples of a class have a weight of 0.
    yield "rocAuc, maxFpr 0.3", m.roc_auc_score(s["yes"], s["scores"], max_fpr=0.3, **w) if has_both else math.nan
    for average in ["macro", "weighted", "micro"]:
        yield f"rocAuc, ovr, {average}", m.roc_auc_score(
            a, s["p"], multi_class="ovr", average=average, labels=every, **w
        )
    for average in ["macro", "weighted"]:
        yield f"rocAuc, ovo, {average}", m.roc_auc_score(
            a, s["p"], multi_class="ovo", average=average, labels=every
        ) if len(set(a)) > 1 else math.nan
    yield "averagePrecision", m.average_precision_score(s["yes"], s["scores"], **w)
    hot = label_binarize(a, classes=every)
    for average in ["macro", "weighted", "micro"]:
        yield f"averagePrecision, {average}", m.average_precision_score(hot, s["p"], average=average, **w)
    yield "logLoss", m.log_loss(a, s["p"], labels=every, **w)
    yield "logLoss of two classes", m.log_loss(s["yes"], s["scores"], labels=[0, 1], **w)
    yield "brierScore", m.brier_score_loss(a, s["p"], labels=every, **w)
    yield "brierScore of two classes", m.brier_score_loss(s["yes"], s["scores"], pos_label=1, **w)
    right = (s["p"].argmax(1) == a).astype(float)
    yield "expectedCalibrationError", calibration(s["p"].max(1), right, weights, 7)
    y, t = s["y"], s["t"]
    own = list(range(1, y.shape[1] + 1)) if y.shape[1] > 1 else "uniform_average"
    for name, score in [
        ("meanAbsoluteError", m.mean_absolute_error),
        ("meanSquaredError", m.mean_squared_error),
        ("rootMeanSquaredError", m.root_mean_squared_error),
        ("meanAbsolutePercentageError", m.mean_absolute_percentage_error),
        ("r2", m.r2_score),
        ("explainedVariance", m.explained_variance_score),
    ]:
        yield name, score(t, y, **w)
        yield f"{name} of each", score(t, y, multioutput="raw_values", **w)
        yield f"{name}, own weights", score(t, y, multioutput=own, **w)
    yield "r2, by variance", m.r2_score(t, y, multioutput="variance_weighted", **w)
    yield "explainedVariance, by variance", m.explained_variance_score(t, y, multioutput="variance_weighted", **w)
    yield "spearman", spearmanr(y[:, 0], t[:, 0]).statistic


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(x) for x in value]
    value = float(value)
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return int(value) if value == int(value) and abs(value) < 1e6 else float(f"{value:.14g}")


def main():
    rows = [list(answers(make(i))) for i in range(SETS)]
    names = [name for name, _ in rows[0]]
    lines = [json.dumps([plain(value) for _, value in row], separators=(",", ":")) for row in rows]
    text = '{"names":' + json.dumps(names) + ',"sets":[\n' + ",\n".join(lines) + "\n]}\n"
    Path(__file__).with_name("metrics.json").write_text(text)


main()

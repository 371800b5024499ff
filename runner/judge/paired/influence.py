"""Metrics as means: each one's value and how much each row weighs in it.

All take y (n,) and model output (n,) and give (value, influence (n,)), such that the value's standard error
is sqrt(sum(influence**2)) / n. Labels are 0 and 1. scikit-learn's definitions throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.judge.predictions import CannotCompute

Influence = tuple[float, Any]
EPSILON = 2.220446049250313e-16  # of float64, as scikit-learn's log loss clips


def mean(values: Any) -> Influence:
    """A mean of rows."""
    found = float(values.mean())
    return found, values - found


def roc_auc(y: Any, scores: Any) -> Influence:
    """DeLong's placements: of a positive the share of negatives below it, of a negative the share of
    positives above it, ties by half. O(n log n): midranks (Sun & Xu 2014)."""
    import numpy as np

    positive = y == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        raise CannotCompute(f"{len(y):,} rows have one class only")
    every = midranks(scores)
    above = (every[positive] - midranks(scores[positive])) / n
    below = 1 - (every[~positive] - midranks(scores[~positive])) / m
    value = float(above.mean())
    found = np.empty(len(y))
    found[positive] = (above - value) * len(y) / m
    found[~positive] = (below - value) * len(y) / n
    return value, found


def midranks(values: Any) -> Any:
    """Ranks from 1, those of ties their mean."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return ((last - counts + 1 + last) / 2.0)[inverse]


def accuracy(y: Any, labels: Any) -> Influence:
    return mean((y == labels).astype(float))


def balanced_accuracy(y: Any, labels: Any) -> Influence:
    """The mean of the classes' recalls."""
    import numpy as np

    right, found, recalls = (y == labels).astype(float), np.zeros(len(y)), []
    classes = np.unique(y)
    for label in classes:
        mine = y == label
        recalls.append(float(right[mine].mean()))
        found[mine] = (right[mine] - recalls[-1]) / mine.mean() / len(classes)
    return float(np.mean(recalls)), found


def ratio(above: Any, below: Any, what: str) -> Influence:
    """A ratio of two means (delta method)."""
    bottom = float(below.mean())
    if bottom == 0:
        raise CannotCompute(what)
    value = float(above.mean()) / bottom
    return value, (above - value * below) / bottom


def precision(y: Any, labels: Any) -> Influence:
    return ratio((y * labels).astype(float), labels.astype(float), "nothing was predicted positive")


def recall(y: Any, labels: Any) -> Influence:
    return ratio((y * labels).astype(float), y.astype(float), "no row is positive")


def f1(y: Any, labels: Any) -> Influence:
    both = (y + labels).astype(float)
    return ratio(2.0 * y * labels, both, "nothing is positive, and nothing was predicted so")


def matthews(y: Any, labels: Any) -> Influence:
    """The correlation of two binary variables; its influence as of any correlation (Devlin et al. 1975)."""
    a, b = y - y.mean(), labels - labels.mean()
    u, v = float((a * a).mean()), float((b * b).mean())
    if u == 0 or v == 0:
        raise CannotCompute("one of the truth and the prediction never changes")
    value = float((a * b).mean()) / (u * v) ** 0.5
    za, zb = a / u**0.5, b / v**0.5
    return value, za * zb - value * (za * za + zb * zb) / 2


def log_loss(y: Any, scores: Any) -> Influence:
    import numpy as np

    kept = np.clip(scores, EPSILON, 1 - EPSILON)
    return mean(-np.where(y == 1, np.log(kept), np.log1p(-kept)))


def brier(y: Any, scores: Any) -> Influence:
    return mean((scores - y) ** 2)


def mean_absolute_error(y: Any, scores: Any) -> Influence:
    return mean(abs(y - scores))


def mean_squared_error(y: Any, scores: Any) -> Influence:
    return mean((y - scores) ** 2)


def root_mean_squared_error(y: Any, scores: Any) -> Influence:
    square, found = mean_squared_error(y, scores)
    root = square**0.5
    return root, found / (2 * root) if root else found


def mean_absolute_percentage_error(y: Any, scores: Any) -> Influence:
    import numpy as np

    return mean(abs(y - scores) / np.maximum(abs(y), EPSILON))


def r2(y: Any, scores: Any) -> Influence:
    square, errors = mean_squared_error(y, scores)
    spread, own = mean((y - y.mean()) ** 2)
    if spread == 0:
        raise CannotCompute("the label never changes")
    return 1 - square / spread, -(errors - square / spread * own) / spread


# What a metric is fed: the probability or number itself, or the class predicted from it.
SCORES, LABELS = "scores", "labels"
METRICS: dict[str, tuple[str, Callable[[Any, Any], Influence]]] = {
    "accuracy": (LABELS, accuracy),
    "balanced_accuracy": (LABELS, balanced_accuracy),
    "precision": (LABELS, precision),
    "recall": (LABELS, recall),
    "f1": (LABELS, f1),
    "matthews_corrcoef": (LABELS, matthews),
    "roc_auc": (SCORES, roc_auc),
    "log_loss": (SCORES, log_loss),
    "brier_score_loss": (SCORES, brier),
    "mean_absolute_error": (SCORES, mean_absolute_error),
    "mean_squared_error": (SCORES, mean_squared_error),
    "root_mean_squared_error": (SCORES, root_mean_squared_error),
    "mean_absolute_percentage_error": (SCORES, mean_absolute_percentage_error),
    "r2": (SCORES, r2),
}

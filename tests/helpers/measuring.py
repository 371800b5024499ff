"""Predictions of every task, with ties, weights and slices, and scikit-learn's value of each metric."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics as sk

from runner.judge.options import Options
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Predictions, Task

# Every metric that has no options, and each with its options.
CASES: list[tuple[Task, str, Options]] = [
    *((BINARY, name, Options(threshold=t)) for name in ("accuracy", "f1") for t in (None, 0.3)),
    *((BINARY, name, Options()) for name in ("balanced_accuracy", "precision", "recall")),
    *((BINARY, name, Options()) for name in ("matthews_corrcoef", "roc_auc", "average_precision")),
    *((BINARY, name, Options()) for name in ("log_loss", "brier_score_loss")),
    *((task, name, Options()) for task in (MULTICLASS,) for name in ("accuracy", "balanced_accuracy")),
    *((MULTICLASS, name, Options()) for name in ("matthews_corrcoef", "log_loss", "brier_score_loss")),
    *(
        (task, name, Options(average=average))
        for task in (BINARY, MULTICLASS)
        for name in ("precision", "recall", "f1")
        for average in ("macro", "micro", "weighted")
    ),
    *(
        (MULTICLASS, name, Options(average=average))
        for name in ("roc_auc", "average_precision")
        for average in ("macro", "micro", "weighted")
    ),
    *((MULTICLASS, "roc_auc", Options(average=a, multi_class="ovo")) for a in ("macro", "weighted")),
    *(
        (REGRESSION, name, Options())
        for name in (
            "r2", "mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
            "mean_absolute_percentage_error", "median_absolute_error", "mean_pinball_loss",
        )
    ),
    (REGRESSION, "mean_pinball_loss", Options(quantile=0.9)),
    (RANKING, "ndcg", Options()),
    (RANKING, "ndcg", Options(k=3)),
]  # fmt: skip
NAMED = [f"{task}-{name}{options}" for task, name, options in CASES]
OTHER_NAMES = {"accuracy": "accuracy_score", "balanced_accuracy": "balanced_accuracy_score"} | {
    name: f"{name}_score" for name in ("precision", "recall", "f1", "roc_auc", "average_precision", "r2")
}


def drawn(
    task: Task, seed: int = 0, rows: int = 240, *, weighted: bool = False, digits: int = 2
) -> Predictions:
    """A model that knows something; scores rounded to `digits`, so that there are ties."""
    dice = np.random.default_rng(seed)
    weights = dice.exponential(1.0, rows) * (dice.random(rows) > 0.1) if weighted else None
    if task == BINARY:
        y = (dice.random(rows) < 0.4).astype(int)
        scores = np.clip(0.3 + 0.3 * y + dice.normal(0, 0.25, rows), 0, 1).round(digits)
        return Predictions(BINARY, y, scores, (0, 1), weights)
    if task == MULTICLASS:
        y = dice.integers(0, 3, rows)
        raw = (dice.random((rows, 3)) + 0.8 * np.eye(3)[y]).round(digits) + 0.001
        return Predictions(MULTICLASS, y, raw / raw.sum(axis=1, keepdims=True), ("x", "y", "z"), weights)
    if task == REGRESSION:
        y = dice.normal(5, 2, rows).round(digits)
        return Predictions(REGRESSION, y, (y + dice.normal(0, 1, rows)).round(digits), (), weights)
    query = np.repeat(np.arange(rows // 8), 8)
    y = dice.integers(0, 4, rows).astype(float)
    if weights is not None:
        weights = weights[query]
    scores = (y + dice.normal(0, 2, rows)).round(digits - 2)
    shuffled = dice.permutation(rows)
    found = Predictions(RANKING, y, scores, (), weights, query)
    return found.where(shuffled)


def scikit_learn(name: str, p: Predictions, o: Options, weights: Any = None) -> float:
    """scikit-learn's own value; `weights` (n,) instead of the predictions' own."""
    weights = p.weights if weights is None else weights
    if p.task == RANKING:
        return _ndcg(p, o, weights)
    extra: dict[str, Any] = {} if weights is None else {"sample_weight": weights}
    said = p.scores
    if name in ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "matthews_corrcoef"):
        said = p.labels(0.5 if o.threshold is None else o.threshold)
    if name in ("precision", "recall", "f1"):
        extra["average"] = o.average or "binary"
    if name == "log_loss" or (name == "brier_score_loss" and p.task == MULTICLASS):
        extra["labels"] = list(range(2 if p.task == BINARY else p.scores.shape[1]))
    y = p.y
    if name in ("roc_auc", "average_precision") and p.task == MULTICLASS:
        extra["average"] = o.average or "macro"
        if name == "roc_auc":
            extra["multi_class"] = o.multi_class or "ovr"
        else:
            y = np.eye(p.scores.shape[1], dtype=int)[y]
    if name == "mean_pinball_loss":
        extra["alpha"] = o.quantile or 0.5
    return float(getattr(sk, OTHER_NAMES.get(name, name))(y, said, **extra))


def _ndcg(p: Predictions, o: Options, weights: Any) -> float:
    queries = np.unique(p.query)
    masks = [p.query == q for q in queries]
    each = [sk.ndcg_score([p.y[m]], [p.scores[m]], k=o.k) for m in masks]
    return float(np.average(each, weights=None if weights is None else [weights[m].mean() for m in masks]))


def delong(y: Any, scores: Any, weights: Any) -> tuple[float, Any]:
    """DeLong, DeLong & Clarke-Pearson (1988), equations 3 to 5, pair by pair: the area, and V10 of the
    positives and V01 of the negatives at each row; pairs and means weigh as their rows do."""
    up, down = (scores[y == label] for label in (1, 0))
    above, below = (weights[y == label] for label in (1, 0))
    psi = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    placed = np.empty(len(y))
    placed[y == 1] = psi @ below / below.sum()
    placed[y == 0] = above @ psi / above.sum()
    return float(above @ psi @ below / above.sum() / below.sum()), placed

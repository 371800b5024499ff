"""The metrics that criteria may name: scikit-learn's names, scikit-learn's computation.

A metric that scikit-learn calls undefined on the rows at hand (its UndefinedMetricWarning, or one
class where two are needed) cannot be computed: whatever number it would return shows nothing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, CannotCompute, Predictions, Task
from runner.text import reason

CLASSIFICATION: tuple[Task, ...] = (BINARY, MULTICLASS)


@dataclass(frozen=True, slots=True)
class Options:
    """threshold: from which probability on a binary prediction is 1; average: how classes are combined
    ('binary' or 'macro' where not given)."""

    threshold: float | None = None
    average: str | None = None

    def __str__(self) -> str:
        given = {"threshold": self.threshold, "average": self.average}
        text = ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        return f"({text})" if text else ""


@dataclass(frozen=True, slots=True)
class Metric:
    """`low` and `high` bound what the metric can be; `takes` are the options that mean something to it;
    `two_classes`: it says nothing about rows of one class."""

    name: str
    higher_is_better: bool
    low: float
    high: float
    tasks: tuple[Task, ...]
    compute: Callable[[Predictions, Options], Any]
    takes: tuple[str, ...] = ()
    two_classes: bool = False

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.higher_is_better else -1


def value_of(name: str, predictions: Predictions, options: Options | None = None) -> float:
    """The metric's value, always finite; raises CannotCompute with the reason where there is none."""
    from sklearn.exceptions import UndefinedMetricWarning

    metric = METRICS[name]
    predictions.require_finite()
    if metric.two_classes and len(set(predictions.y.tolist())) < 2:
        raise CannotCompute(f"{len(predictions):,} rows have one class only")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UndefinedMetricWarning)
            value = float(metric.compute(predictions, options or Options()))
    except (UndefinedMetricWarning, ValueError) as error:
        raise CannotCompute(reason(error)) from None
    if not math.isfinite(value):
        raise CannotCompute(f"{name} is {value} on {len(predictions):,} rows")
    return value


def metrics_for(task: Task) -> tuple[str, ...]:
    """The names of the metrics that a task has."""
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


def _average(p: Predictions, options: Options) -> str:
    return options.average or ("binary" if p.task == BINARY else "macro")


def _of_labels(function: str, *, averaged: bool = False) -> Callable[[Predictions, Options], Any]:
    """A metric of true and predicted classes."""

    def compute(p: Predictions, options: Options) -> Any:
        from sklearn import metrics

        chosen = p.labels(0.5 if options.threshold is None else options.threshold)
        extra = {"average": _average(p, options)} if averaged else {}
        return getattr(metrics, function)(p.y, chosen, **extra)

    return compute


def _of_values(function: str) -> Callable[[Predictions, Options], Any]:
    """A metric of true and predicted numbers."""

    def compute(p: Predictions, options: Options) -> Any:
        from sklearn import metrics

        return getattr(metrics, function)(p.y, p.scores)

    return compute


def _roc_auc(p: Predictions, options: Options) -> Any:
    from sklearn.metrics import roc_auc_score

    if p.task == BINARY:
        return roc_auc_score(p.y, p.scores)
    labels = list(range(len(p.classes)))
    return roc_auc_score(p.y, p.scores, multi_class="ovr", average=options.average or "macro", labels=labels)


def _average_precision(p: Predictions, options: Options) -> Any:
    from sklearn.metrics import average_precision_score

    if p.task == BINARY:
        return average_precision_score(p.y, p.scores)
    return average_precision_score(_one_hot(p), p.scores, average=options.average or "macro")


def _one_hot(p: Predictions) -> Any:
    import numpy as np

    return np.eye(len(p.classes), dtype=int)[p.y]


def _log_loss(p: Predictions, options: Options) -> Any:
    from sklearn.metrics import log_loss

    return log_loss(p.y, p.scores, labels=[0, 1] if p.task == BINARY else list(range(len(p.classes))))


def _labelled(
    name: str, function: str, low: float = 0.0, *, two: bool = False, averaged: bool = False
) -> Metric:
    takes = ("threshold", "average") if averaged else ("threshold",)
    compute = _of_labels(function, averaged=averaged)
    return Metric(name, True, low, 1.0, CLASSIFICATION, compute, takes, two)


def _regression(name: str, function: str, *, higher: bool = False) -> Metric:
    low, high = (-math.inf, 1.0) if higher else (0.0, math.inf)
    return Metric(name, higher, low, high, (REGRESSION,), _of_values(function))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _labelled("accuracy", "accuracy_score"),
        _labelled("balanced_accuracy", "balanced_accuracy_score", two=True),
        _labelled("precision", "precision_score", averaged=True),
        _labelled("recall", "recall_score", averaged=True),
        _labelled("f1", "f1_score", averaged=True),
        _labelled("matthews_corrcoef", "matthews_corrcoef", -1.0, two=True),
        Metric("roc_auc", True, 0.0, 1.0, CLASSIFICATION, _roc_auc, ("average",), True),
        Metric("average_precision", True, 0.0, 1.0, CLASSIFICATION, _average_precision, ("average",), True),
        Metric("log_loss", False, 0.0, math.inf, CLASSIFICATION, _log_loss),
        Metric("brier_score_loss", False, 0.0, 1.0, (BINARY,), _of_values("brier_score_loss")),
        _regression("r2", "r2_score", higher=True),
        _regression("mean_absolute_error", "mean_absolute_error"),
        _regression("mean_squared_error", "mean_squared_error"),
        _regression("root_mean_squared_error", "root_mean_squared_error"),
        _regression("mean_absolute_percentage_error", "mean_absolute_percentage_error"),
        _regression("median_absolute_error", "median_absolute_error"),
    )
}

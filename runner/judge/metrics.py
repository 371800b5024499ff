"""The metrics that criteria may name: scikit-learn's names, scikit-learn's definitions, computed here.

A metric that scikit-learn calls undefined on the rows at hand (its UndefinedMetricWarning, or one
class where two are needed) cannot be computed: whatever number it would return shows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from runner.judge.measures import bins, classes, labels, means, medians, queries
from runner.judge.measures.segments import Influences, Segments
from runner.judge.options import Options as Options
from runner.judge.predictions import (
    BINARY,
    MULTICLASS,
    RANKING,
    REGRESSION,
    CannotCompute,
    Predictions,
    Task,
)

CLASSIFICATION: tuple[Task, ...] = (BINARY, MULTICLASS)
Compute = Callable[[Predictions, Options, Segments], Influences]


@dataclass(frozen=True, slots=True)
class Metric:
    """`low` and `high` bound what the metric can be; `takes` are the options that mean something to it;
    `probabilities`: it says nothing about scores outside [0, 1]."""

    name: str
    higher_is_better: bool
    low: float
    high: float
    tasks: tuple[Task, ...]
    compute: Compute
    takes: tuple[str, ...] = ()
    probabilities: bool = False

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.higher_is_better else -1

    def highest(self, task: Task) -> float:
        """The upper bound: the Brier score of more than two classes is scikit-learn's, not halved."""
        return 2.0 if self.name == "brier_score_loss" and task == MULTICLASS else self.high


def value_of(name: str, predictions: Predictions, options: Options | None = None) -> float:
    """The metric's value, always finite; raises CannotCompute with the reason where there is none."""
    found = measured(name, predictions, options)
    if found.faults:
        raise CannotCompute(found.faults[0])
    return float(found.values[0])


def measured(
    name: str, predictions: Predictions, options: Options | None = None, segments: Segments | None = None
) -> Influences:
    """The metric in every segment (None: of all rows), with each row's influence; a segment without a value
    has a fault. Raises CannotCompute where there is none in any, or the predictions are no numbers."""
    import numpy as np

    metric = METRICS[name]
    if predictions.task not in metric.tasks:
        raise CannotCompute(f"{name} is not for {predictions.task}")
    predictions.require_finite()
    if metric.probabilities and (predictions.scores.min() < 0 or predictions.scores.max() > 1):
        raise CannotCompute("some predictions are outside [0, 1]")
    segments = segments or Segments(len(predictions))
    with np.errstate(all="ignore"):  # what does not exist is NaN, and found below
        found = metric.compute(predictions, options or Options(), segments)
        weights = segments.weigh(predictions.weights)
    causes = {code: cause for code, cause in found.faults.items() if weights[code] > 0}
    found.faults = causes
    found.refuse(segments.sizes == 0, "there are no rows").refuse(weights == 0, "all weights are 0")
    return found.refuse(~np.isfinite(found.values), f"{name} is no finite number")


def metrics_for(task: Task) -> tuple[str, ...]:
    """The names of the metrics that a task has."""
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


def _metric(
    name: str, compute: Compute, *takes: str, higher: bool = True, low: float = 0.0, high: float = 1.0,
    tasks: tuple[Task, ...] = CLASSIFICATION, probabilities: bool = False,
) -> Metric:  # fmt: skip
    return Metric(name, higher, low, high, tasks, compute, takes, probabilities)


def _of_labels(name: str, derive: labels.Derive, *takes: str, low: float = 0.0) -> Metric:
    return _metric(name, labels.of_labels(derive), "threshold", *takes, low=low)


def _loss(name: str, compute: Compute, *takes: str) -> Metric:
    """An error of a regression."""
    return _metric(name, compute, *takes, higher=False, high=math.inf, tasks=(REGRESSION,))


def _stated(name: str, compute: Compute, *takes: str, high: float = 1.0) -> Metric:
    """An error of stated probabilities."""
    return _metric(name, compute, *takes, higher=False, high=high, probabilities=True)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric("accuracy", means.accuracy, "threshold"),
        _of_labels("balanced_accuracy", labels.balanced_accuracy),
        _of_labels("precision", labels.precision, "average"),
        _of_labels("recall", labels.recall, "average"),
        _of_labels("f1", labels.f1, "average"),
        _of_labels("matthews_corrcoef", labels.matthews_corrcoef, low=-1.0),
        _metric("roc_auc", classes.roc_auc, "average", "multi_class"),
        _metric("average_precision", classes.average_precision, "average"),
        _stated("log_loss", means.log_loss, high=math.inf),
        _stated("brier_score_loss", means.brier_score_loss),
        _stated("expected_calibration_error", bins.expected_calibration_error, "bins"),
        _metric("r2", means.r2, low=-math.inf, tasks=(REGRESSION,)),
        _loss("mean_absolute_error", means.mean_absolute_error),
        _loss("mean_squared_error", means.mean_squared_error),
        _loss("root_mean_squared_error", means.root_mean_squared_error),
        _loss("mean_absolute_percentage_error", means.mean_absolute_percentage_error),
        _loss("median_absolute_error", medians.median_absolute_error),
        _loss("mean_pinball_loss", means.mean_pinball_loss, "quantile"),
        _metric("ndcg", queries.ndcg, "k", tasks=(RANKING,)),
    )
}

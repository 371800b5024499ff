"""A model's quality in the form of SageMaker's model monitor: `ModelMetrics.ModelQuality.Statistics`.

Names and shape as in docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html. The
standard deviation is there that of the metric over five samples of the rows; here it is the metric's standard
error, from each row's influence. What has none is the text "NaN", as there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from runner.judge.estimates import estimate
from runner.judge.options import Options
from runner.judge.paired.interval import spread
from runner.judge.plots import POINTS, along
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, CannotCompute, Predictions

FILE = "model-quality.json"
FAMILIES = {
    BINARY: "binary_classification_metrics",
    MULTICLASS: "multiclass_classification_metrics",
    REGRESSION: "regression_metrics",
}
# SageMaker's name -> ours, with the average that it is of.
NAMED: dict[str, dict[str, tuple[str, str | None]]] = {
    BINARY: {"auc": ("roc_auc", None), "au_prc": ("average_precision", None)},
    MULTICLASS: {
        "accuracy": ("accuracy", None),
        "weighted_recall": ("recall", "weighted"),
        "weighted_precision": ("precision", "weighted"),
        "weighted_f1": ("f1", "weighted"),
    },
    REGRESSION: {
        "mae": ("mean_absolute_error", None),
        "mse": ("mean_squared_error", None),
        "rmse": ("root_mean_squared_error", None),
        "r2": ("r2", None),
    },
}
Json = dict[str, Any]


def model_quality(predictions: Predictions, threshold: float = 0.5) -> Json | None:
    """The statistics document of finite predictions; None of a task that SageMaker has no form for."""
    family = FAMILIES.get(predictions.task)
    if family is None:
        return None
    told: Json = {}
    if predictions.task == BINARY:
        told |= dict(_of_cells(predictions, threshold)) | dict(_curves(predictions))
    if predictions.task != REGRESSION:
        told["confusion_matrix"] = _confusion(predictions, threshold)
    for name, (ours, average) in NAMED[predictions.task].items():
        told |= _estimated(name, ours, average, predictions)
    return {"version": 0.0, "dataset": {"item_count": len(predictions)}, family: told}


def _estimated(name: str, ours: str, average: str | None, p: Predictions) -> Json:
    try:
        found = estimate(ours, p, Options(average=average))
        return {name: _statistic(found.value, spread(found.influence).se)}
    except CannotCompute:  # a rule that needs it says so
        return {}


def _statistic(value: float, error: float) -> Json:
    return {"value": value, "standard_deviation": error if math.isfinite(error) else "NaN"}


def _of_cells(p: Predictions, threshold: float) -> Iterator[tuple[str, Json]]:
    """What a confusion matrix says, each a ratio of two sums; none where its denominator is 0."""
    said, y = p.labels(threshold), p.y
    hit, missed, alarm, quiet = (y * said, y * (1 - said), (1 - y) * said, (1 - y) * (1 - said))  # fmt: skip
    ratios = {
        "recall": (hit, y),
        "precision": (hit, said),
        "accuracy": (hit + quiet, hit + missed + alarm + quiet),
        "true_positive_rate": (hit, y),
        "true_negative_rate": (quiet, 1 - y),
        "false_positive_rate": (alarm, 1 - y),
        "false_negative_rate": (missed, y),
        "f0_5": _f(0.5, hit, missed, alarm),
        "f1": _f(1.0, hit, missed, alarm),
        "f2": _f(2.0, hit, missed, alarm),
    }
    for name, (above, below) in ratios.items():
        if (found := _ratio(above, below, p.weights)) is not None:
            yield name, _statistic(*found)


def _f(beta: float, hit: Any, missed: Any, alarm: Any) -> tuple[Any, Any]:
    """F beta as a ratio (van Rijsbergen 1979)."""
    above = (1 + beta**2) * hit
    return above, above + beta**2 * missed + alarm


def _ratio(above: Any, below: Any, weights: Any) -> tuple[float, float] | None:
    """A ratio of two weighted sums over rows (n,), and its standard error by the delta method."""
    import numpy as np

    weights = np.ones(len(above)) if weights is None else weights
    bottom = float((weights * below).sum())
    if bottom == 0 or len(above) < 2:
        return None
    value = float((weights * above).sum()) / bottom
    return value, spread(weights * (above - value * below) / bottom * len(above)).se


def _confusion(p: Predictions, threshold: float) -> Json:
    """Actual class -> predicted class -> rows."""
    import numpy as np

    count = max(len(p.classes), 2)
    cells = np.bincount(p.y * count + p.labels(threshold), minlength=count * count).reshape(count, count)
    names = [str(name) for name in p.classes] or ["0", "1"]
    return {a: {b: int(cells[i, j]) for j, b in enumerate(names)} for i, a in enumerate(names)}


def _curves(p: Predictions) -> Iterator[tuple[str, Json]]:
    """Both curves by at most POINTS of their points; none of rows of one class."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    if p.is_of_one_class():
        return
    false, true, _ = roc_curve(p.y, p.scores, sample_weight=p.weights)
    kept = along(false, true, POINTS)
    yield (
        "receiver_operating_characteristic_curve",
        {
            "false_positive_rates": false[kept].tolist(),
            "true_positive_rates": true[kept].tolist(),
        },
    )
    precision, recall, _ = precision_recall_curve(p.y, p.scores, sample_weight=p.weights)
    kept = along(recall, precision, POINTS)[::-1]
    yield (
        "precision_recall_curve",
        {
            "precisions": precision[kept].tolist(),
            "recalls": recall[kept].tolist(),
        },
    )

"""Every metric against scikit-learn itself; what scikit-learn calls undefined is no value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.judging import binary, multiclass, regression
from sklearn import metrics as sk

from runner.judge.metrics import METRICS, Options, metrics_for, value_of
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, CannotCompute, Predictions

LABELS = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "matthews_corrcoef": sk.matthews_corrcoef,
}
AVERAGED = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
SCORES = {
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier_score_loss": sk.brier_score_loss,
}
VALUES = {
    "r2": sk.r2_score,
    "mean_absolute_error": sk.mean_absolute_error,
    "mean_squared_error": sk.mean_squared_error,
    "root_mean_squared_error": sk.root_mean_squared_error,
    "mean_absolute_percentage_error": sk.mean_absolute_percentage_error,
    "median_absolute_error": sk.median_absolute_error,
}


@pytest.mark.parametrize(("name", "function"), (LABELS | AVERAGED).items())
@pytest.mark.parametrize("threshold", [None, 0.3])
def test_metrics_of_binary_labels(name: str, function: Callable[..., float], threshold: float | None) -> None:
    p = binary()
    said = (p.scores >= (threshold or 0.5)).astype(int)
    assert value_of(name, p, Options(threshold=threshold)) == function(p.y, said)


@pytest.mark.parametrize(("name", "function"), SCORES.items())
def test_metrics_of_binary_scores(name: str, function: Callable[..., float]) -> None:
    p = binary()
    assert value_of(name, p) == function(p.y, p.scores)


@pytest.mark.parametrize(("name", "function"), VALUES.items())
def test_metrics_of_numbers(name: str, function: Callable[..., float]) -> None:
    p = regression()
    assert value_of(name, p) == function(p.y, p.scores)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize(("name", "function"), AVERAGED.items())
def test_averages_over_classes(name: str, function: Callable[..., float], average: str) -> None:
    for p, said in ((multiclass(), multiclass().scores.argmax(axis=1)), (binary(), binary().scores >= 0.5)):
        assert value_of(name, p, Options(average=average)) == function(p.y, said, average=average)


def test_multiclass_scores_are_one_against_the_rest() -> None:
    p = multiclass()
    hot = np.eye(3, dtype=int)[p.y]
    assert value_of("roc_auc", p) == sk.roc_auc_score(p.y, p.scores, multi_class="ovr", average="macro")
    assert value_of("average_precision", p) == sk.average_precision_score(hot, p.scores, average="macro")
    assert value_of("log_loss", p) == sk.log_loss(p.y, p.scores)
    assert value_of("accuracy", p) == sk.accuracy_score(p.y, p.scores.argmax(axis=1))


def test_every_metric_of_the_registry_was_compared() -> None:
    assert set(METRICS) == {*LABELS, *AVERAGED, *SCORES, *VALUES}
    assert set(metrics_for(REGRESSION)) == set(VALUES)
    assert "brier_score_loss" in metrics_for(BINARY) and "brier_score_loss" not in metrics_for(MULTICLASS)


@pytest.mark.parametrize("task_of", [binary, multiclass, regression])
def test_better_predictions_move_every_metric_the_way_its_direction_says(
    task_of: Callable[[], Predictions],
) -> None:
    p = task_of()
    exact = np.eye(3)[p.y] if p.task == MULTICLASS else p.y.astype(float)
    for name in metrics_for(p.task):
        gain = value_of(name, replace(p, scores=exact)) - value_of(name, p)
        assert gain * METRICS[name].sign > 0, name
        assert METRICS[name].low <= value_of(name, p) <= METRICS[name].high


ONE_CLASS = Predictions(BINARY, np.zeros(4, int), np.array([0.1, 0.2, 0.3, 0.9]), (0, 1))
NEVER = Predictions(BINARY, np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4]), (0, 1))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef"])
def test_one_class_alone_gives_no_value(name: str) -> None:
    with pytest.raises(CannotCompute, match="4 rows have one class only"):
        value_of(name, ONE_CLASS)


@pytest.mark.parametrize(("name", "predictions"), [("precision", NEVER), ("recall", ONE_CLASS)])
def test_what_scikit_learn_calls_undefined_gives_no_value(name: str, predictions: Predictions) -> None:
    with pytest.raises(CannotCompute, match="UndefinedMetricWarning"):
        value_of(name, predictions)


def test_what_one_class_does_define_has_a_value() -> None:
    assert value_of("accuracy", ONE_CLASS) == 0.75
    assert value_of("log_loss", ONE_CLASS) == sk.log_loss(ONE_CLASS.y, ONE_CLASS.scores, labels=[0, 1])


@pytest.mark.parametrize("task_of", [binary, multiclass, regression])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_gives_no_value(task_of: Any, bad: float) -> None:
    p = task_of()
    scores = p.scores.astype(float).copy()
    scores[7] = bad
    for name in metrics_for(p.task):
        with pytest.raises(CannotCompute, match="1 of 300 predictions are NaN or infinite"):
            value_of(name, replace(p, scores=scores))


@pytest.mark.parametrize("task_of", [binary, multiclass, regression])
def test_no_rows_give_no_value(task_of: Any) -> None:
    p = task_of()
    for name in metrics_for(p.task):
        with pytest.raises(CannotCompute, match="no rows"):
            value_of(name, p.where(np.zeros(300, bool)))


def test_one_row_has_no_r2() -> None:
    with pytest.raises(CannotCompute):
        value_of("r2", regression(rows=1))


def test_a_class_that_the_rows_lack_gives_no_roc_auc_of_classes() -> None:
    p = multiclass()
    with pytest.raises(CannotCompute):
        value_of("roc_auc", p.where(p.y != 2))

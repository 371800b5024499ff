"""What has no value: what scikit-learn calls undefined, what is no number. The values: `measures/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.judging import binary, multiclass, regression
from sklearn import metrics as sk

from runner.judge.metrics import METRICS, Options, metrics_for, value_of
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, CannotCompute, Predictions


def test_the_metrics_of_each_task() -> None:
    assert "ndcg" in metrics_for(RANKING) and len(metrics_for(RANKING)) == 1
    assert (
        {"roc_auc", "expected_calibration_error"} < set(metrics_for(BINARY)) == set(metrics_for(MULTICLASS))
    )
    assert {"r2", "mean_pinball_loss"} < set(metrics_for(REGRESSION))
    with pytest.raises(CannotCompute, match="accuracy is not for regression"):
        value_of("accuracy", regression())


@pytest.mark.parametrize("task_of", [binary, multiclass, regression])
def test_better_predictions_move_every_metric_the_way_its_direction_says(
    task_of: Callable[[], Predictions],
) -> None:
    p = task_of()
    exact = np.eye(3)[p.y] if p.task == MULTICLASS else p.y.astype(float)
    for name in metrics_for(p.task):
        gain = value_of(name, replace(p, scores=exact)) - value_of(name, p)
        assert gain * METRICS[name].sign > 0, name
        assert METRICS[name].low <= value_of(name, p) <= METRICS[name].highest(p.task)


ONE_CLASS = Predictions(BINARY, np.zeros(4, int), np.array([0.1, 0.2, 0.3, 0.9]), (0, 1))
NEVER = Predictions(BINARY, np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4]), (0, 1))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy", "matthews_corrcoef"])
def test_one_class_alone_gives_no_value(name: str) -> None:
    with pytest.raises(CannotCompute, match="the rows have one class only"):
        value_of(name, ONE_CLASS)


@pytest.mark.parametrize(
    ("name", "predictions", "cause"),
    [
        ("precision", NEVER, "never predicted"),
        ("recall", ONE_CLASS, "has no rows"),
        ("f1", replace(ONE_CLASS, scores=np.zeros(4)), "nothing is positive"),
    ],
)
def test_what_scikit_learn_calls_undefined_gives_no_value(
    name: str, predictions: Predictions, cause: str
) -> None:
    with pytest.raises(CannotCompute, match=cause):
        value_of(name, predictions)


def test_a_class_of_several_that_was_never_predicted_has_no_precision() -> None:
    p = multiclass()
    scores = p.scores.copy()
    scores[:, 2] = 0
    for average in ("macro", "weighted"):
        with pytest.raises(CannotCompute, match="never predicted"):
            value_of("precision", replace(p, scores=scores), Options(average=average))
    assert value_of("recall", replace(p, scores=scores)) > 0
    assert value_of("precision", replace(p, scores=scores), Options(average="micro")) > 0


@pytest.mark.parametrize("name", ["log_loss", "brier_score_loss", "expected_calibration_error"])
def test_what_is_no_probability_gives_no_value(name: str) -> None:
    with pytest.raises(CannotCompute, match="outside"):
        value_of(name, replace(NEVER, scores=np.array([0.1, 0.2, 0.3, 1.4])))


def test_probabilities_of_classes_that_do_not_sum_to_one_have_no_area() -> None:
    with pytest.raises(CannotCompute, match="sum to 1"):
        value_of("roc_auc", replace(multiclass(), scores=multiclass().scores * 0.9))


@pytest.mark.parametrize(
    ("weights", "cause"),
    [
        (np.zeros(300), "all weights are 0"),
        (np.r_[-1.0, np.ones(299)], "1 of 300 weights are negative"),
        (np.r_[np.nan, np.inf, np.ones(298)], "2 of 300 weights are negative, NaN"),
    ],
)
def test_weights_that_are_none_give_no_value(weights: Any, cause: str) -> None:
    for name in metrics_for(BINARY):
        with pytest.raises(CannotCompute, match=cause):
            value_of(name, replace(binary(), weights=weights))


RANKS = Predictions(
    RANKING, np.array([1.0, 0, 2, 0]), np.array([0.1, 0.2, 0.3, 0.1]), (), None, np.arange(4) // 2
)


@pytest.mark.parametrize(
    ("predictions", "cause"),
    [
        (replace(RANKS, query=None), "no column says"),
        (replace(RANKS, query=np.array([0, 0, 0, 1])), "one row only"),
        (replace(RANKS, y=RANKS.y - 1), "below 0"),
        (replace(RANKS, weights=np.arange(4.0)), "different weights"),
    ],
)
def test_what_is_no_ranking(predictions: Predictions, cause: str) -> None:
    assert 0 < value_of("ndcg", RANKS) < 1
    with pytest.raises(CannotCompute, match=cause):
        value_of("ndcg", predictions)


def test_a_label_that_never_changes_has_no_r2() -> None:
    with pytest.raises(CannotCompute, match="never changes"):
        value_of("r2", replace(regression(), y=np.ones(300)))


def test_what_one_class_does_define_has_a_value() -> None:
    assert value_of("accuracy", ONE_CLASS) == 0.75
    assert value_of("log_loss", ONE_CLASS) == pytest.approx(
        sk.log_loss(ONE_CLASS.y, ONE_CLASS.scores, labels=[0, 1])
    )


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

"""A value's own interval: about the value, within what the metric can be, and none where no row moves it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.judging import binary
from helpers.measuring import CASES, NAMED, drawn

from runner.judge.calibration import expected_calibration_error, reliability
from runner.judge.choice import MetricRule
from runner.judge.estimates import interval_of
from runner.judge.metrics import METRICS, value_of
from runner.judge.options import Options
from runner.judge.parts.metrics import _check
from runner.judge.predictions import BINARY, CannotCompute, Predictions, Task
from runner.model import Status


@pytest.mark.parametrize(("task", "name", "options"), CASES, ids=NAMED)
def test_it_is_about_the_value_and_within_the_metric(task: Task, name: str, options: Options) -> None:
    p = drawn(task, 3, weighted=True)
    found = interval_of(name, p, options)
    assert found.value == value_of(name, p, options)
    assert METRICS[name].low <= found.low < found.value < found.high <= METRICS[name].highest(task)


def test_it_narrows_with_the_rows_and_widens_where_they_come_in_clusters() -> None:
    few, many = (drawn(BINARY, 3, rows) for rows in (400, 6400))
    small, large = (interval_of("roc_auc", p) for p in (few, many))
    assert (small.high - small.low) / (large.high - large.low) == pytest.approx(4, rel=0.2)
    twice = few.where(np.repeat(np.arange(400), 2))
    clustered = interval_of("roc_auc", twice, groups=np.repeat(np.arange(400), 2))
    assert (clustered.low, clustered.high) == pytest.approx((small.low, small.high), abs=1e-3)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    dice, covered = np.random.default_rng(2), 0
    for _ in range(300):
        y = (dice.random(300) < 0.4).astype(int)
        scores = dice.normal(0, 1, 300) + 2**0.5 * y  # whose area is Phi(1)
        found = interval_of("roc_auc", Predictions(BINARY, y, scores))
        covered += found.low <= 0.841344746 <= found.high
    assert 300 * 0.91 <= covered <= 300 * 0.985


def test_there_is_none_where_no_row_moves_the_value() -> None:
    y = np.arange(20) % 2
    with pytest.raises(CannotCompute, match="no row moves it"):
        interval_of("accuracy", Predictions(BINARY, y, y.astype(float)))


def test_a_check_shows_it_and_judges_the_value() -> None:
    check = _check(MetricRule(metric="roc_auc", min=0.6), binary())
    low, high = interval_of("roc_auc", binary()).low, interval_of("roc_auc", binary()).high
    assert check.measured == f"{value_of('roc_auc', binary()):.4g} [{low:.4g}, {high:.4g}]"
    between = MetricRule(metric="roc_auc", min=(value_of("roc_auc", binary()) + high) / 2)
    assert _check(between, binary()).status is Status.FAILED
    y = np.arange(20) % 2
    exact = _check(MetricRule(metric="accuracy", min=0.6), Predictions(BINARY, y, y.astype(float)))
    assert (exact.status, exact.measured) == (Status.PASSED, "1")
    none = _check(MetricRule(metric="precision", min=0.6), Predictions(BINARY, y, y * 0.1))
    assert (none.status, none.measured) == (Status.ERROR, "")


def test_weights_count_as_repeated_rows_in_the_reliability_curve() -> None:
    p, times = binary(), np.arange(300) % 4
    weighted, repeated = replace(p, weights=times.astype(float)), p.where(np.repeat(np.arange(300), times))
    for ours, theirs in zip(reliability(weighted), reliability(repeated), strict=True):
        assert (ours.predicted, ours.observed) == pytest.approx((theirs.predicted, theirs.observed))
    assert expected_calibration_error(weighted) == pytest.approx(expected_calibration_error(repeated))

"""Bounds, calibration and baseline: each number by hand, each rule broken once."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.judging import binary, multiclass, regression
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from runner.judge.baseline import beats, dummy
from runner.judge.bounds import bounded
from runner.judge.calibration import expected_calibration_error, reliability
from runner.judge.criteria import Beat
from runner.judge.metrics import value_of
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.model import Status

numbers = st.floats(allow_nan=True, allow_infinity=True)


def missing() -> float:
    raise CannotCompute("there are no rows")


@given(value=numbers, bound=st.floats(allow_nan=False))
def test_a_bound_is_met_exactly_where_the_value_is_known_to_meet_it(value: float, bound: float) -> None:
    least = bounded("x", "x", lambda: value, low=bound)
    most = bounded("x", "x", lambda: value, high=bound)
    assert (least.status is Status.PASSED) == (value >= bound)
    assert (most.status is Status.PASSED) == (value <= bound)


def test_nan_meets_no_bound() -> None:
    assert bounded("x", "x", lambda: math.nan, low=-1e9).status is Status.FAILED
    assert bounded("x", "x", lambda: math.nan, high=1e9).status is Status.FAILED


def test_a_breach_is_told_with_value_bound_and_rows() -> None:
    check = bounded("metrics/roc_auc", "roc_auc", lambda: 0.497, low=0.66, rows=82_000)
    assert check.cause == "roc_auc 0.497 < 0.66 (min) on 82,000 rows"
    assert (check.measured, check.limit) == ("0.497", ">= 0.66")


def test_a_value_near_its_bound_is_told_apart_from_it() -> None:
    assert bounded("x", "x", lambda: 0.66000001, high=0.66).cause == "x 0.66000001 > 0.66 (max)"


def test_no_value_is_an_error() -> None:
    check = bounded("x", "roc_auc", missing, low=0.5)
    assert (check.status, check.cause) == (Status.ERROR, "roc_auc cannot be computed: there are no rows")


def test_calibration_error_by_hand() -> None:
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    p = Predictions(BINARY, np.array([0, 1, 0, 1, 1]), scores, (0, 1))
    low, second, last = reliability(p, 10)
    assert (low.count, second.count, last.count) == (1, 2, 2)
    assert (second.predicted, second.observed) == (pytest.approx(0.15), 0.5)
    expected = (1 * 0.05 + 2 * 0.35 + 2 * 0.025) / 5
    assert expected_calibration_error(p, 10) == pytest.approx(expected)


def test_calibration_of_classes_is_of_the_most_probable() -> None:
    p = Predictions(
        "multiclass-classification", np.array([0, 2]), np.array([[0.8, 0.1, 0.1], [0.6, 0.2, 0.2]])
    )
    assert expected_calibration_error(p, 10) == pytest.approx((0.2 + 0.6) / 2)


@given(st.integers(2, 50), st.integers(0, 1000))
def test_calibration_error_is_between_nothing_and_one_and_counts_every_row(bins: int, seed: int) -> None:
    p = binary(seed, rows=50)
    assert 0 <= expected_calibration_error(p, bins) <= 1
    assert sum(b.count for b in reliability(p, bins)) == 50


def test_the_prior_is_the_constant_with_the_lowest_log_loss() -> None:
    p = binary()
    prior = dummy(p, "prior")
    assert set(prior.scores) == {p.y.mean()}
    for other in (0.3, 0.6):
        assert value_of("log_loss", prior) <= log_loss(p.y, np.full(len(p), other))


def test_dummies_of_every_task() -> None:
    assert set(dummy(binary(), "most_frequent").scores) <= {0.0, 1.0}
    assert dummy(multiclass(), "prior").scores[0] == pytest.approx(np.bincount(multiclass().y) / 300)
    assert dummy(regression(), "median").scores[0] == np.median(regression().y)
    stratified = dummy(binary(), "stratified")
    assert (stratified.scores == dummy(binary(), "stratified").scores).all()


def test_a_baseline_is_beaten_by_the_amount_or_not_at_all() -> None:
    p, base = binary(), dummy(binary(), "prior")
    gain = value_of("log_loss", base) - value_of("log_loss", p)
    assert beats(Beat(metric="log_loss", by=gain * 0.99), p, base, "the dummy").status is Status.PASSED
    worse = beats(Beat(metric="log_loss", by=gain * 1.01), p, base, "the dummy")
    assert worse.status is Status.FAILED and "of the dummy: must be at least" in worse.cause


def test_an_equal_model_beats_nothing() -> None:
    p = binary()
    assert beats(Beat(metric="roc_auc"), p, p, "the champion").status is Status.FAILED


def test_a_baseline_without_a_value_is_an_error() -> None:
    p = binary()
    broken = replace(p, scores=np.full(len(p), np.nan))
    for mine, theirs in ((p, broken), (broken, p)):
        assert beats(Beat(metric="roc_auc"), mine, theirs, "the champion").status is Status.ERROR

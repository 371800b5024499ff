"""Calibration beyond one error: against scikit-learn's fit, by hand, and where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.judging import multiclass
from scipy.special import expit, logit
from scipy.stats import binom, binomtest

from runner.judge.by_evidence import within
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import BINARY, CannotCompute, Predictions
from runner.judge.recalibration import in_the_large, recalibrated, stated
from runner.judge.shares import exact, weighted_share, wilson
from runner.model import Status


def drifted(slope: float, intercept: float, rows: int = 40_000, seed: int = 3) -> Predictions:
    """Outcomes whose log-odds are intercept + slope * those that were stated."""
    rng = np.random.default_rng(seed)
    said = expit(rng.normal(-0.5, 1.2, rows))
    y = (rng.random(rows) < expit(intercept + slope * logit(said))).astype(int)
    return Predictions(BINARY, y, said, (0, 1))


def reference(p: Predictions, weights: Any = None) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        logit(p.scores)[:, None], p.y, sample_weight=weights
    )
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, 0.3), (1.7, -0.4)])
def test_slope_and_intercept_are_those_of_a_logistic_regression_and_planted_ones_lie_within(
    slope: float, intercept: float
) -> None:
    p = drifted(slope, intercept)
    found = recalibrated(p, alpha=0.001)
    a, b = reference(p)
    assert (found.intercept.value, found.slope.value) == (
        pytest.approx(a, abs=1e-5),
        pytest.approx(b, abs=1e-5),
    )
    assert found.slope.low < slope < found.slope.high
    assert found.intercept.low < intercept < found.intercept.high


def test_a_weight_of_two_is_the_row_twice() -> None:
    p = drifted(0.8, 0.1, 500)
    w = np.random.default_rng(1).integers(0, 4, len(p)).astype(float)
    whole, twice = (
        recalibrated(replace(p, weights=w)),
        recalibrated(p.where(np.repeat(np.arange(500), w.astype(int)))),
    )
    assert whole.slope.value == pytest.approx(twice.slope.value)
    assert whole.in_the_large.value == pytest.approx(twice.in_the_large.value)
    assert whole.slope.high - whole.slope.low > twice.slope.high - twice.slope.low  # fewer independent rows


def test_in_the_large_is_what_happened_minus_what_was_said() -> None:
    p = Predictions(BINARY, np.array([0, 1, 1, 0]), np.array([0.1, 0.7, 0.6, 0.2]), (0, 1))
    assert in_the_large(p).value == pytest.approx((2 - 1.6) / 4)
    flipped = Predictions(BINARY, 1 - p.y, 1 - p.scores, (0, 1))
    assert in_the_large(flipped).high == pytest.approx(-in_the_large(p).low)


@pytest.mark.parametrize("weights", [None, np.arange(60.0)])
def test_in_the_large_of_what_never_came_true_is_as_unsure_as_that_share(weights: object) -> None:
    """Of 60 rows that are 3% each, none comes true in one of six tables: no evidence that it is never."""
    p = Predictions(BINARY, np.zeros(60, int), np.linspace(0.005, 0.015, 60), (0, 1), weights)
    share, said = weighted_share(p.y > 0, p.weights, 0.05), np.average(p.scores, weights=weights)
    found, turned = in_the_large(p), in_the_large(replace(p, y=1 - p.y, scores=1 - p.scores))
    assert (found.low, found.value) == (pytest.approx(-said), pytest.approx(-said))
    assert found.high == pytest.approx(share.high - said) and found.high > 0.035
    assert (turned.high, turned.low) == (pytest.approx(said), pytest.approx(-found.high))


def test_intervals_are_as_wide_as_the_rows_vary() -> None:
    p = drifted(1.0, 0.0)
    off = replace(p, scores=p.scores / 3)
    z, apart = 1.6448536, off.y - off.scores
    found = in_the_large(off)
    assert (found.high - found.low) / 2 == pytest.approx(z * apart.std() / len(p) ** 0.5, rel=0.01)
    x = np.column_stack([np.ones(len(p)), logit(p.scores)])
    known = np.linalg.inv(x.T @ (x * (p.scores * (1 - p.scores))[:, None]))  # of a fit that is exact
    for each, at in ((recalibrated(p).intercept, 0), (recalibrated(p).slope, 1)):
        assert (each.high - each.low) / 2 == pytest.approx(z * known[at, at] ** 0.5, rel=0.03)


def test_of_classes_it_is_the_most_probable_one() -> None:
    p = multiclass()
    said, came = stated(p)
    assert (said == p.scores.max(axis=1)).all() and (came == (p.labels() == p.y)).all()


def test_certain_probabilities_are_as_near_to_certain_as_float32_tells() -> None:
    p = drifted(1.0, 0.0, 2_000)
    sure = replace(p, scores=np.where(p.scores > 0.7, 1.0, p.scores))
    assert 0 < recalibrated(sure).slope.high < 0.8  # some of them did not come true: too extreme


NOT_THERE = {
    "one outcome": (np.ones(50), np.linspace(0.1, 0.9, 50), "always or never"),
    "one probability": (np.arange(50) % 2, np.full(50, 0.3), "same probability"),
    "separated": ((np.arange(50) > 25).astype(int), np.linspace(0.1, 0.9, 50), "separate"),
    "not a number": (np.arange(50) % 2, np.full(50, np.nan), "NaN"),
}


@pytest.mark.parametrize("case", NOT_THERE)
def test_a_fit_that_does_not_exist_is_told(case: str) -> None:
    y, said, why = NOT_THERE[case]
    with pytest.raises(CannotCompute, match=why):
        recalibrated(Predictions(BINARY, y.astype(int), said, (0, 1)))


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (5, 5), (1, 300), (150, 300), (7, 9)])
def test_intervals_of_a_share_are_scipys(hits: int, rows: int) -> None:
    for compute, method in ((wilson, "wilson"), (exact, "exact")):
        found, known = compute(hits, rows, 0.05), binomtest(hits, rows).proportion_ci(0.9, method=method)
        assert (found.low, found.high) == (pytest.approx(known.low), pytest.approx(known.high))


@pytest.mark.parametrize("share", [0.005, 0.02, 0.3])
@pytest.mark.parametrize("rows", [50, 300, 2_000])
def test_either_side_of_an_exact_interval_is_wrong_no_more_often_than_alpha(share: float, rows: int) -> None:
    counts = np.arange(rows + 1)
    chances, found = binom.pmf(counts, rows, share), [exact(int(n), rows, 0.05) for n in counts]
    assert sum(c for c, each in zip(chances, found, strict=True) if each.low > share) <= 0.05
    assert sum(c for c, each in zip(chances, found, strict=True) if each.high < share) <= 0.05


def test_equal_weights_change_no_share_and_unequal_ones_widen_it() -> None:
    mask = np.arange(200) % 10 == 0
    plain = weighted_share(mask)
    assert weighted_share(mask, np.full(200, 3.0)).high == pytest.approx(plain.high)
    unequal = weighted_share(mask, np.where(np.arange(200) % 20 < 10, 1.0, 9.0))
    assert unequal.value == pytest.approx(plain.value) and unequal.high > plain.high


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (0.9, 1.1, Status.PASSED),
        (0.7, 0.79, Status.FAILED),
        (1.21, 1.3, Status.FAILED),
        (0.7, 0.9, Status.ERROR),
        (0.5, 0.9, Status.ERROR),
        (0.9, 1.25, Status.ERROR),
    ],
)
def test_an_interval_passes_within_fails_beyond_and_does_not_tell_across(
    low: float, high: float, status: Status
) -> None:
    check = within("x", "slope", lambda: Interval((low + high) / 2, low, high), low=0.8, high=1.2, rows=40)
    assert check.status is status and bool(check.cause) == (status is not Status.PASSED)
    assert check.limit == "0.8 to 1.2"


def test_no_interval_is_an_error() -> None:
    def none() -> Interval:
        raise CannotCompute("there are no rows")

    check = within("x", "slope", none, high=1.2, rows=0)
    assert (check.status, check.cause) == (Status.ERROR, "slope cannot be computed: there are no rows")
    nan = within("x", "slope", lambda: Interval(float("nan"), float("nan"), float("nan")), high=1, rows=3)
    assert nan.status is Status.ERROR

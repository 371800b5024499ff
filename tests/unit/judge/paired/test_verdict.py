"""The verdicts at every border of their definitions: each end of the interval below, on and above a limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.judge.criteria import Compare
from runner.judge.paired.check import compared
from runner.judge.paired.compare import compare
from runner.judge.paired.verdict import LEAST, Interval, Standing, standing, words_of
from runner.judge.predictions import BINARY, REGRESSION, Predictions

MARGIN, STEP = 0.005, 1e-9
INF = math.inf


def said(low: float, high: float, carrying: int = LEAST) -> Standing:
    return standing(Interval((low + high) / 2, low, high), MARGIN, carrying)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (STEP, 0.001, Standing.BETTER),  # although it is within the margin as well
        (STEP, INF, Standing.BETTER),
        (0.0, 0.001, Standing.EQUIVALENT),
        (0.0, MARGIN, Standing.NON_INFERIOR),
        (0.0, 0.0, Standing.EQUIVALENT),
        (-STEP, MARGIN - STEP, Standing.EQUIVALENT),
        (-STEP, MARGIN, Standing.NON_INFERIOR),
        (-MARGIN + STEP, MARGIN - STEP, Standing.EQUIVALENT),
        (-MARGIN + STEP, MARGIN, Standing.NON_INFERIOR),
        (-MARGIN + STEP, INF, Standing.NON_INFERIOR),
        (-MARGIN + STEP, -STEP, Standing.EQUIVALENT),  # worse, but by less than the margin
        (-MARGIN, 0.001, Standing.INCONCLUSIVE),
        (-MARGIN, 0.0, Standing.INCONCLUSIVE),
        (-MARGIN, -STEP, Standing.WORSE),
        (-INF, -STEP, Standing.WORSE),
        (-INF, 0.0, Standing.INCONCLUSIVE),
        (-INF, INF, Standing.INCONCLUSIVE),
    ],
)
def test_each_border(low: float, high: float, verdict: Standing) -> None:
    assert said(low, high) is verdict


@pytest.mark.parametrize("low", [-1.0, -0.001, 0.1])
def test_fewer_than_ten_rows_carry_no_verdict(low: float) -> None:
    assert said(low, low + 0.001, LEAST - 1) is Standing.INCONCLUSIVE
    assert said(low, low + 0.001, LEAST) is not Standing.INCONCLUSIVE


def pair(rows: int, positives: int, differ: slice) -> list[Predictions]:
    """Two models, all but one right; they differ on these rows, in turns better and worse. The positives are
    the first rows."""
    y = (np.arange(rows) < positives).astype(int)
    right = np.ones((2, rows), bool)
    right[:, -1] = right[:, 0] = False
    right[0, differ] = np.arange(rows)[differ] % 2 == 0
    right[1, differ] = ~right[0, differ]
    return [Predictions(BINARY, y, np.where(each == (y == 1), 0.9, 0.1)) for each in right]


def test_negatives_carry_no_difference_of_recalls() -> None:
    assert compare("recall", *pair(400, 200, slice(250, 300))).carrying == 0
    assert compare("recall", *pair(400, 200, slice(150, 300))).carrying == 50
    assert compare("f1", *pair(400, 200, slice(150, 300))).carrying == 150


def test_a_handful_of_positives_carries_no_difference_of_areas() -> None:
    dice = np.random.default_rng(1)
    for positives, few in ((5, True), (200, False)):
        y = (np.arange(1000) < positives).astype(int)
        scores = y + dice.normal(size=1000) + dice.normal(size=(2, 1000)) / 2
        found = compare("roc_auc", *(Predictions(BINARY, y, each) for each in scores))
        assert (found.carrying < LEAST) is few
        assert (found.standing(0.9) is Standing.INCONCLUSIVE) is few


@pytest.mark.parametrize(("low", "high"), [(math.nan, 1.0), (0.1, math.nan), (0.2, 0.1)])
def test_what_is_no_interval_is_no_verdict(low: float, high: float) -> None:
    assert said(low, high) is Standing.INCONCLUSIVE


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.001, 0.005, "+0.0020 [-0.0010, +0.0050]"),
        (-0.00496, 0.001, "-0.00198 [-0.00496, +0.00100]"),
        (-0.00504, -0.00001, "-0.00252 [-0.00504, -0.00001]"),
        (-2e-7, 4e-7, "+0.00000010 [-0.00000020, +0.00000040]"),
        (-3000.0, 1000.0, "-1000.0000 [-3000.0000, +1000.0000]"),
    ],
)
def test_a_printed_interval_never_contradicts_its_verdict(low: float, high: float, words: str) -> None:
    """An end that is rounded onto the margin or onto 0, or both ends onto each other, would contradict it."""
    told = words_of(Interval((low + high) / 2, low, high), -MARGIN, 0.0, MARGIN)
    assert told == words
    ends = [float(each) for each in told.partition("[")[2].rstrip("]").split(", ")]
    assert standing(Interval(0.0, *ends), MARGIN, LEAST) is said(low, high)


def test_few_rows_are_told_as_what_carries_the_difference() -> None:
    """Not as rows on which the models differ: of a few large errors, that is every row."""
    dice = np.random.default_rng(1)
    y, spoilt = np.zeros(1000), dice.normal(0, 1e-6, 1000)
    spoilt[:3] = 5.0
    found = compare("mean_absolute_error", *(Predictions(REGRESSION, y, e) for e in (y + 1e-7, spoilt)))
    assert found.carrying == 3
    check = compared("x", Compare(metric="mean_absolute_error", margin=0.01), found)
    assert check.details == "3 rows or clusters carry the difference: fewer than 10 are no evidence."
    assert check.measured.endswith("margin 0.01: inconclusive")

"""The verdicts at every border of their definitions: each end of the interval below, on and above a limit."""

from __future__ import annotations

import math

import pytest

from runner.judge.paired.verdict import LEAST, Interval, Standing, standing

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


@pytest.mark.parametrize(("low", "high"), [(math.nan, 1.0), (0.1, math.nan), (0.2, 0.1)])
def test_what_is_no_interval_is_no_verdict(low: float, high: float) -> None:
    assert said(low, high) is Standing.INCONCLUSIVE

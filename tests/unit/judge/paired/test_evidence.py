"""p values are the intervals' inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runner.judge.paired.compare import compare
from runner.judge.paired.evidence import p_below, p_loses
from runner.judge.paired.interval import Spread, bounds
from runner.judge.predictions import BINARY, Predictions


@settings(deadline=None)
@given(st.floats(-4, 4), st.floats(0.01, 2), st.floats(-3, 3), st.floats(2, 200), st.floats(0.0001, 0.4))
def test_an_interval_lies_below_a_bound_where_its_alpha_is_above_p(
    value: float, se: float, skewness: float, df: float, alpha: float
) -> None:
    spread = Spread(se, skewness, df, 100)
    p = p_below(value, 0.0, spread)
    assume(abs(p - alpha) > 1e-9)
    assert (bounds(value, spread, alpha).high < 0) == (p < alpha)


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "log_loss"])
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.3])
def test_a_comparison_s_p_is_its_interval_s_inverse(metric: str, alpha: float) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 400)
    first, second = (np.clip(0.4 + 0.2 * y + rng.normal(0, s, 400), 0.01, 0.99) for s in (0.35, 0.25))
    mine, theirs = (Predictions(BINARY, y, each, (0, 1)) for each in (first, second))
    found = compare(metric, mine, theirs, alpha=alpha)
    for margin in (-found.difference.high * 0.98, -found.difference.high * 1.02):
        if margin > 0:
            assert (found.difference.high < -margin) == (p_loses(found, margin) < alpha)
    assert p_loses(found, 1e-9) < p_loses(found, 0.05)


def test_what_a_value_may_be_too_low_is_no_evidence_against_it() -> None:
    plain, slack = Spread(0.01, 0.5, 50, 100), Spread(0.01, 0.5, 50, 100, slack=(0.3, 0.02))
    assert p_below(-0.03, 0.0, slack) == pytest.approx(p_below(-0.01, 0.0, plain))
    assert p_below(-0.03, 0.0, plain) < 0.05 < p_below(-0.03, 0.0, slack)
    assert bounds(-0.03, slack, 0.05).high == pytest.approx(bounds(-0.01, plain, 0.05).high)


def test_a_value_that_no_row_moves_is_what_it_is() -> None:
    still = Spread(0.0, 0.0, 9.0, 10)
    assert (p_below(0.4, 0.5, still), p_below(0.5, 0.5, still)) == (0.0, 1.0)


@pytest.mark.parametrize("skewness", [-3.0, 0.0, 3.0])
def test_a_bound_out_of_reach_has_a_p_value_too(skewness: float) -> None:
    spread = Spread(0.01, skewness, 50, 100)
    assert p_below(0.0, -1e300, spread) == 1.0
    assert p_below(1e200, 0.0, Spread(1e-200, skewness, 50, 100)) == 1.0
    assert p_below(0.0, 1e300, spread) == pytest.approx(0.0, abs=1e-9)

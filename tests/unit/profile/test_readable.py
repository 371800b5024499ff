"""Numbers rounded away from the data, to digits that a person reads."""

from __future__ import annotations

import pytest

from runner.profile.readable import above, below, rest_of, share_above


@pytest.mark.parametrize(
    ("value", "span", "whole", "low", "high"),
    [(12.34567, 90, False, 12, 13), (0.012345, 0.5, False, 0.01, 0.02), (-3.7, 90, True, -4, -3),
     (1234.5, 5000, True, 1200, 1300), (7.0, 0, False, 7, 7), (0.1, 0.9, False, 0.1, 0.1)],
)  # fmt: skip
def test_bounds_are_short_and_lie_outside(
    value: float, span: float, whole: bool, low: float, high: float
) -> None:
    assert below(value, span, whole=whole) == low <= value
    assert above(value, span, whole=whole) == high >= value


def test_shares_have_two_digits_and_are_not_below() -> None:
    assert share_above(0.028263) == 0.029 and share_above(0.5) == 0.5 and share_above(0) == 0
    assert rest_of(0.029) == 0.971

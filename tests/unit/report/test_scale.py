from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.scale import nice_ticks, scale, tick_labels

DRAWABLE = st.floats(-1e299, 1e299)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3, 17, ["−5", "0", "5", "10", "15", "20"]),
        (0, 12345, ["0", "2,500", "5,000", "7,500", "10,000", "12,500"]),
        (0.001, 0.0023, ["0.0010", "0.0015", "0.0020", "0.0025"]),
        (3e-7, 9e-7, ["2e−07", "4e−07", "6e−07", "8e−07", "1e−06"]),
    ],
)
def test_ticks_are_round_and_labelled_alike(low: float, high: float, labels: list[str]) -> None:
    assert tick_labels(nice_ticks(low, high)) == labels


@given(DRAWABLE, DRAWABLE)
def test_ticks_ascend_and_cover_any_span(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high)
    slack = 1e-8 * max(abs(low), abs(high), 1e-150)
    assert 2 <= len(ticks) <= 12
    assert all(a < b for a, b in pairwise(ticks))
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack


@given(st.lists(DRAWABLE, max_size=5), DRAWABLE)
def test_every_position_is_on_the_axis(values: list[float], asked: float) -> None:
    axis = scale(values, 10, 110)
    assert 10 <= axis.at(asked) <= 110


def test_an_axis_of_bars_takes_zero_in_and_may_run_upwards() -> None:
    axis = scale([3.0, 4.0], 200, 0, zero=True)
    assert axis.at(0.0) == 200
    assert axis.at(4.0) == 0
    assert scale([], 0, 1).labels[0] == "0.0"

"""Quantiles from their neighbours are those of all values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.expect.asks import MEDIAN
from runner.sources.order_statistics import between, neighbours, place

VALUES = st.one_of(
    st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=40),
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40),
)
SHARES = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1.0]), st.floats(0, 1))


def found(values: list[Any], share: float, method: str) -> Any:
    ordered, rows = sorted(values), len(values)
    at = place(share, rows)
    return between({one: ordered[one] for one in neighbours(at, rows)}, at, rows, method)


@settings(deadline=None)
@given(VALUES, SHARES, st.sampled_from(["nearest", "linear", "lower", "higher", "midpoint"]))
def test_they_are_numpys(values: list[Any], share: float, method: Any) -> None:
    assert found(values, share, method) == pytest.approx(np.percentile(values, share * 100, method=method))


@settings(deadline=None)
@given(VALUES)
def test_the_median_is_numpys(values: list[Any]) -> None:
    assert found(values, 0.5, MEDIAN) == pytest.approx(np.median(np.asarray(values, dtype=float)))

"""Bounds of numbers: floats, as Great Expectations reads them, compared as exactly as it compares."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers.one_ask import asked

from runner.expect.bounds import Bounds
from runner.expect.literals import Uncompiled

BETWEEN, LEAST = "expect_column_values_to_be_between", "expect_column_min_to_be_between"
CENTS = {"x": pa.array([Decimal("0.10"), Decimal("0.20")], pa.decimal128(9, 2))}


@pytest.mark.parametrize(
    ("bounds", "outside"),
    [
        ({"max_value": 0.1}, [0.2]),
        ({"min_value": 0.1}, [0.1]),  # the float is a little more than the decimal
        ({"min_value": 0.1, "strict_min": True}, [0.1]),
        ({"max_value": 0.2, "strict_max": True}, []),  # and the other one, too
        ({"min_value": 0}, []),
        ({"max_value": float("-inf")}, [0.1, 0.2]),
    ],
)
def test_decimals_are_compared_exactly(bounds: dict[str, Any], outside: list[float], tmp_path: Path) -> None:
    found = asked(tmp_path, CENTS, BETWEEN, column="x", **bounds)
    assert found[1]["partial_unexpected_list"] == outside


def test_a_bound_with_more_digits_than_a_decimal_is_left(tmp_path: Path) -> None:
    with pytest.raises(Uncompiled, match="more digits"):
        asked(tmp_path, CENTS, BETWEEN, column="x", max_value=1e300)


def test_an_extreme_decimal_is_compared_exactly_and_shown_as_a_float(tmp_path: Path) -> None:
    assert asked(tmp_path, CENTS, LEAST, column="x", min_value=0.1) == (False, {"observed_value": 0.1})


def test_a_bound_beyond_2_to_53_is_a_float(tmp_path: Path) -> None:
    """Great Expectations reads 2**53 + 1 as 2**53; int64 is compared with it in floats, others exactly."""
    beyond = [2**53 + 1]
    ask = {"column": "x", "max_value": 2**53 + 1}
    assert asked(tmp_path, {"x": pa.array(beyond, pa.int64())}, BETWEEN, **ask)[0] is True
    assert asked(tmp_path, {"x": pa.array(beyond, pa.uint64())}, BETWEEN, **ask)[0] is False


@pytest.mark.parametrize(
    "told",
    [{"min_value": True}, {"min_value": "1"}, {"min_value": 2, "max_value": 1}, {"max_value": 10**400}],
    ids=["truth", "text", "crossed", "endless"],
)
def test_what_is_no_bound_is_left(told: dict[str, Any]) -> None:
    with pytest.raises(Uncompiled):
        Bounds.of(told)

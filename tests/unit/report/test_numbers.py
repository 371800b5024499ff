from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (0.684, "0.684"), (0.68449, "0.6845"), (-0.5, "−0.5"), (1234567, "1,234,567"),
        (12.30, "12.3"), (1e-7, "1e−07"), (2.5e12, "2.5e+12"), (100.0, "100"), (999.96, "1,000"),
        (float("nan"), "–"), (float("inf"), "–"), ("1", "–"), (None, "–"), (10**400, "–"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(value: object, shown: str) -> None:
    assert numbers.number(value) == shown


def test_digits_can_be_fewer_but_whole_numbers_stay_whole() -> None:
    assert numbers.number(24.664, 3) == "24.7"
    assert numbers.number(336776, 3) == "336,776"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.668, 0.69, 0.5), ("0.668", "0.690", "0.500")),
        ((5, 4.0, 0), ("5", "4", "0")),
        ((-1.5, 24.66), ("−1.5", "24.7")),
        ((0.0012, 5.0, 2.8), ("0.0012", "5", "2.8")),
        ((1234567, 0.5), ("1,234,567", "0.5")),
        ((1e-7, 0.5), ("1e−07", "0.5")),
    ],
)
def test_numbers_below_each_other_line_up_where_they_are_of_a_size(
    values: tuple[float, ...], shown: tuple[str, ...]
) -> None:
    places = numbers.column((*values, None, float("nan")))
    assert tuple(numbers.fixed(value, places) for value in values) == shown


def test_a_column_without_numbers_needs_no_decimals() -> None:
    assert numbers.column(()) == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0 ms"), (0.003, "3 ms"), (0.42, "0.42 s"), (12.34, "12.3 s"), (59.96, "1 min 00 s"),
        (125.0, "2 min 05 s"), (3599.7, "1 h 00 min"), (7322.0, "2 h 02 min"), (-1.0, "0 ms"),
        (float("nan"), "0 ms"),
    ],
)  # fmt: skip
def test_durations(value: float, shown: str) -> None:
    assert numbers.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 B"), (1023, "1,023 B"), (1536, "1.5 KiB"), (250 * 2**20, "250 MiB")]
)
def test_sizes(value: int, shown: str) -> None:
    assert numbers.size(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-01T10:22:05Z", "1 November 2026, 10:22:05 UTC"),
        ("2026-11-01T11:22:05+01:00", "1 November 2026, 10:22:05 UTC"),
        ("yesterday", "yesterday"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_instants(value: str, shown: str) -> None:
    assert numbers.instant(value) == shown


@given(st.one_of(st.floats(), st.integers(), st.text()))
def test_nothing_raises(value: object) -> None:
    numbers.number(value)
    if isinstance(value, float):
        numbers.seconds(value)

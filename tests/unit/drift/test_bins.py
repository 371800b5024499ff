"""Bins that the reference fixes."""

from __future__ import annotations

import numpy as np
import pytest

from runner.drift.bins import category_bins, number_bins

RANDOM = np.random.default_rng(11)


def shares(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bins = number_bins(reference)
    found = [bins.bins(bins.cells(each)) for each in (reference, current)]
    assert len(bins.labels) == len(found[0])
    assert [each.sum() for each in found] == [len(reference), len(current)]
    return found[0] / len(reference), found[1] / len(current)


def test_a_bin_holds_about_a_tenth_and_missing_values_have_their_own() -> None:
    values = RANDOM.normal(size=10_000)
    values[:500] = np.nan
    before, _ = shares(values, values)
    assert before[:-1] == pytest.approx([0.095] * 10, abs=0.001)
    assert before[-1] == 0.05


def test_what_lies_outside_goes_to_the_end_bins() -> None:
    _, now = shares(RANDOM.random(1_000), np.array([-5.0, -np.inf, 7.0, np.inf, np.inf]))
    assert (now[0], now[-2], now[1:-2].sum()) == (0.4, 0.6, 0)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e9])
def test_a_constant_is_told_from_what_is_less_and_more(value: float) -> None:
    _, now = shares(np.full(1_000, value), np.array([value - 1, value, value, value + 1]))
    assert list(now) == [0.25, 0.5, 0.25, 0.0]


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    values = RANDOM.exponential(size=10_000) * (RANDOM.random(10_000) < 0.3)
    before, now = shares(values, np.array([-1.0, 0.0, 0.0, 1e-9]))
    assert (before[0], before[1]) == (0, pytest.approx(0.7, abs=0.02))
    assert list(now[:3]) == [0.25, 0.5, 0.25]


def test_few_numbers_need_no_bins_that_nothing_is_in() -> None:
    before, _ = shares(RANDOM.integers(0, 4, 1_000).astype(float), np.zeros(1))
    assert (before[1:-2] > 0).all()


def test_all_missing_or_infinite_still_has_bins() -> None:
    before, now = shares(np.full(200, np.nan), np.array([1.0, np.nan]))
    assert (list(before), list(now)) == ([0, 1], [0.5, 0.5])
    before, now = shares(np.full(200, np.inf), np.array([np.inf, np.nan]))
    assert (list(before), list(now)) == ([0, 1, 0], [0, 0.5, 0.5])


def test_wasserstein_is_in_standard_deviations_of_the_reference() -> None:
    values = RANDOM.normal(5, 3, 100_000)
    bins = number_bins(values)
    line = bins.line(bins.cells(values))
    assert line is not None
    assert line.unit == pytest.approx(3, rel=0.03)
    assert (
        number_bins(np.full(100, 2.0)).line(number_bins(np.full(100, 2.0)).cells(np.full(100, 2.0))) is None
    )


def test_categories_rare_unseen_and_missing_ones() -> None:
    bins, before = category_bins({"a": 600, "b": 380, "c": 4, None: 16})
    assert bins.frequent == ("a", "b")
    assert before.sum() == 750  # a quarter chose
    now = bins.bins({"a": 1, "zebra": 2, None: 3})
    assert list(now) == [1, 0, 0, 2, 3]
    assert len(bins.labels) == len(now)


def test_of_many_equal_categories_none_looks_frequent_by_chance() -> None:
    """Chosen on the rows that are counted, the frequent ones would hold half as much again."""
    counts = dict(enumerate(RANDOM.multinomial(1_000, np.full(300, 1 / 300)).tolist()))
    bins, before = category_bins(counts)
    later = bins.bins(dict(enumerate(RANDOM.multinomial(100_000, np.full(300, 1 / 300)).tolist())))
    share = [each[: len(bins.frequent)].sum() / each.sum() for each in (before, later)]
    assert share[0] == pytest.approx(share[1], abs=0.05)


def test_the_same_reference_gives_the_same_bins_whatever_its_order() -> None:
    counts = {f"k{i}": 7 * i for i in range(60)}
    one, two = category_bins(counts), category_bins(dict(reversed(counts.items())))
    assert one[0] == two[0]
    assert list(one[1]) == list(two[1])

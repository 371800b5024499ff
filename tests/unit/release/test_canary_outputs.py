"""Distributions of outputs compared: a limit is tested, not an estimate against it."""

from __future__ import annotations

import pytest

from runner.release.canary_outputs import compare, merged

HALVES = {"a": 50_000, "b": 50_000}


def test_equal_distributions_are_not_apart() -> None:
    shift = compare(HALVES, {"a": 5_000, "b": 5_000}, 0.2)
    assert (shift.index, shift.low, shift.p) == (0.0, 0.0, pytest.approx(1.0))


def test_a_real_shift_below_the_limit_is_tolerated_however_large_the_traffic() -> None:
    shift = compare(HALVES, {"a": 560_000, "b": 440_000}, 0.2)
    assert shift.index == pytest.approx(0.0144, rel=0.3) and shift.low > 0.01
    assert shift.p == pytest.approx(1.0)


def test_near_equality_the_index_is_the_psi() -> None:
    shift = compare(HALVES, {"a": 55_000, "b": 45_000}, 0.2)
    psi = 0.05 * 0.0953102 - 0.05 * -0.1053605
    assert shift.index == pytest.approx(psi, rel=0.01)


def test_few_answers_say_little_and_many_say_it_for_certain() -> None:
    few = compare({"a": 50, "b": 50}, {"a": 20, "b": 5}, 0.2)
    many = compare({"a": 5_000, "b": 5_000}, {"a": 2_000, "b": 500}, 0.2)
    assert few.p > 0.05 > 1e-6 > many.p
    assert few.low < 0.2 < many.low


def test_rare_labels_are_one_bin() -> None:
    old = {"common": 900, **{f"rare-{i}": 1 for i in range(100)}}
    new = {"common": 90, **{f"other-{i}": 1 for i in range(10)}}
    assert merged(old, new) == [(900, 90), (100, 10)]
    assert compare(old, new, 0.01).p > 0.5


def test_one_bin_and_no_answers_compare_nothing() -> None:
    assert compare({"a": 9}, {"a": 9}, 0.1).p == 1.0
    assert compare({}, {"a": 9, "b": 9}, 0.1).p == 1.0

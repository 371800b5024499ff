"""Rows are paired one to one by their ids, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.judge.pairing import pair
from runner.judge.predictions import CannotCompute

OURS = pd.Series([7, 8, 9, 10])


def test_the_same_order_and_another_one() -> None:
    found, order = pair("id", OURS, OURS.copy())
    assert not found.odd and not found.reordered and list(order) == [0, 1, 2, 3]
    found, order = pair("id", OURS, pd.Series([10, 7, 9, 8]))
    assert not found.odd and found.reordered and list(order) == [1, 3, 2, 0]
    assert str(found) == "4 rows by id, aligned, as they came in another order"


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ([7, 8, 9], "1 are missing (e.g. 10)"),
        ([7, 8, 9, 10, 11, 12], "2 are extra (e.g. 11, 12)"),
        ([7, 8, 9, 10, 10], "1 ids stand there twice (e.g. 10)"),
        ([7, 8, 9, 11], "1 are missing (e.g. 10); 1 are extra (e.g. 11)"),
        ([], "4 are missing (e.g. 7, 8, 9)"),
    ],
)
def test_what_does_not_fit_is_counted_with_examples(theirs: list[int], told: str) -> None:
    found, order = pair("id", OURS, pd.Series(theirs, dtype="int64"))
    assert order is None and str(found) == f"by id, of 4 rows: {told}"
    assert sum(found.facts()["odd"].values()) == sum(each.count for each in found.odd) > 0


def test_an_id_that_the_evaluation_has_twice_pairs_nothing() -> None:
    found, order = pair("id", pd.Series([1, 1, 2]), pd.Series([1, 2, 3]))
    assert order is None and "1 ids stand there twice in the evaluation" in str(found)


@pytest.mark.parametrize(
    "theirs",
    [
        pd.Series([7.0, 8.0, 9.0, 10.0]),
        pd.Series([7, 8, 9, 10], dtype="Int64"),
        pd.Series([7, 8, 9, 10], dtype="uint32"),
    ],
)
def test_whole_numbers_are_equal_whatever_wrote_them(theirs: pd.Series[Any]) -> None:
    found, order = pair("id", OURS, theirs)
    assert not found.odd and list(order) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        (pd.Series(["7", "8", "9", "10"]), "the ids are text, the evaluation's are whole numbers"),
        (pd.Series([[7], [8], [9], [10]]), "are lists"),
        (pd.Series([7.5, 8, 9, 10]), "fractions"),
        (pd.Series([7.0, 8, 9, 2.0**53]), "too large to be exact"),
        (pd.Series([7.0, 8, np.nan, 10]), "1 of 4 ids are null"),
        (pd.Series([np.inf, 8, 9, 10]), "fractions, or too large"),
    ],
)
def test_ids_that_are_none_pair_nothing(theirs: pd.Series[Any], why: str) -> None:
    with pytest.raises(CannotCompute, match=why):
        pair("id", OURS, theirs)


def test_text_times_and_categories_pair() -> None:
    text = pd.Series(["b", "a", "ü"])
    assert list(pair("id", text, text[::-1].astype("category").reset_index(drop=True))[1]) == [2, 1, 0]
    times = pd.Series(pd.to_datetime(["2013-01-02", "2013-01-01"])).astype("datetime64[ns]")
    assert list(pair("id", times, times[::-1].astype("datetime64[ms]").reset_index(drop=True))[1]) == [1, 0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-5, 5), max_size=8), st.lists(st.integers(-5, 5), max_size=8))
def test_rows_are_paired_exactly_where_both_have_the_same_ids_once(
    ours: list[int], theirs: list[int]
) -> None:
    found, order = pair("id", pd.Series(ours, dtype="int64"), pd.Series(theirs, dtype="int64"))
    fits = sorted(ours) == sorted(theirs) and len(set(ours)) == len(ours)
    assert (order is not None) == fits == (not found.odd)
    if fits:
        assert [theirs[place] for place in order] == ours

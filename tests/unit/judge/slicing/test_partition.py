"""Rows cut into slices: by values, crossings, bins and expressions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.judge.predictions import CannotCompute
from runner.judge.slicing.partition import (
    MAX_SLICES,
    Partition,
    by_bins,
    by_columns,
    by_expressions,
    by_values,
)

TABLE = pd.DataFrame(
    {
        "origin": ["JFK", "LGA", "JFK", None],
        "carrier": ["AA", "AA", "UA", "UA"],
        "hour": [0, 6, 18, 24],
        "lists": [[1], [2], [3], [4]],
    }
)


def told(part: Partition) -> dict[str, int]:
    return dict(zip(part.names, part.counts(), strict=True))


def test_names_of_values_are_plain_ordered_and_distinct() -> None:
    assert by_values(pd.Series([10.0, 2.0, None, 2.0])).names == ("2", "10", "null")
    assert told(by_values(pd.Series(["1", 1, "a\nb", None, "null"], dtype=object))) == {
        "1": 2,
        "a b": 1,
        "null": 2,
    }
    assert by_values(pd.Series([True, False, ""], dtype=object)).names == ("''", "False", "True")


def test_long_names_stay_distinct() -> None:
    assert len(by_values(pd.Series(["x" * 80 + "a", "x" * 80 + "b"])).names) == 2


def test_columns_are_crossed_where_they_occur_together() -> None:
    part = by_columns(TABLE, ("origin", "carrier"), {})
    assert told(part) == {
        "origin=JFK & carrier=AA": 1,
        "origin=JFK & carrier=UA": 1,
        "origin=LGA & carrier=AA": 1,
        "origin=null & carrier=UA": 1,
    }
    assert part.mask(1).tolist() == [False, False, True, False]


def test_bins_by_edges_keep_what_is_outside() -> None:
    assert told(by_bins(pd.Series([-1, 0, 5.9, 6, 18, 19, None]), (0, 6, 18))) == {
        "< 0": 1,
        "[0, 6)": 2,
        "[6, 18]": 2,
        "> 18": 1,
        "null": 1,
    }


def test_bins_by_quantiles_hold_equally_many_rows() -> None:
    assert by_bins(pd.Series(range(100)), 4).counts() == [25, 25, 25, 25]
    assert told(by_bins(pd.Series([3.0, 3.0, 3.0]), 4)) == {">= 3": 3}
    near = by_bins(pd.Series([1.0, 1.0 + 1e-9, 1.0 + 2e-9, 1.0 + 3e-9]), 2)
    assert len(set(near.names)) == len(near.names) == 2


def test_bins_of_one_column_are_crossed_with_another() -> None:
    part = by_columns(TABLE, ("origin", "hour"), {"hour": (0, 12, 24)})
    assert part.names[:2] == ("origin=JFK & hour=[0, 12)", "origin=JFK & hour=[12, 24]")


def test_expressions_may_overlap() -> None:
    early, whole = by_expressions(TABLE, {"early": "hour < 12", "all": "hour >= 0"})
    assert (early.codes.tolist(), whole.counts()) == ([0, 0, -1, -1], [4])


@pytest.mark.parametrize(
    ("columns", "bins", "cause"),
    [
        (("orign",), {}, "did you mean 'origin'"),
        (("lists",), {}, "not plain"),
        (("number",), {}, f"gives 300 slices, more than {MAX_SLICES}"),
        (("many",), {}, "has 3,000 values"),
        (("word",), {"word": 4}, "holds no numbers"),
        (("nothing",), {"nothing": 4}, "no numbers to cut"),
        (("number", "few"), {}, "'number & few' gives"),
    ],
)
def test_what_cannot_be_cut_is_told(columns: tuple[str, ...], bins: dict[str, int], cause: str) -> None:
    rows = np.arange(3000)
    wide = pd.DataFrame(
        {"number": rows % 300, "many": rows, "few": rows % 7, "word": "a", "nothing": math.nan}
    ).assign(orig="x")
    table = TABLE if columns[0] in ("orign", "lists") else wide
    with pytest.raises(CannotCompute, match=cause):
        by_columns(table, columns, bins)


def test_no_rows_and_no_row_selected() -> None:
    with pytest.raises(CannotCompute, match="no rows"):
        by_columns(TABLE.head(0), ("origin",), {})
    with pytest.raises(CannotCompute, match="selects no row"):
        by_expressions(TABLE, {"none": "hour > 99"})


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(st.floats(-5, 5) | st.just(math.nan), min_size=1, max_size=40),
    st.lists(st.integers(-4, 4), min_size=2, max_size=5, unique=True).map(sorted),
)
def test_every_row_is_in_the_bin_that_its_name_says(values: list[float], edges: list[int]) -> None:
    part = by_bins(pd.Series(values), edges)
    inner, _ = np.histogram([v for v in values if v == v], edges)
    found = told(part)
    for (low, high), count in zip(pairwise(edges), inner, strict=True):
        last = high == edges[-1]
        assert found.get(f"[{low}, {high}{']' if last else ')'}", 0) == count
    assert sum(found.values()) == len(values)
    assert found.get("null", 0) == sum(v != v for v in values)

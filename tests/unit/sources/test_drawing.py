"""Rows drawn of a table: which, how many, of which columns; and of files as of a whole frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runner.errors import InfrastructureError
from runner.sources.changed import Part
from runner.sources.drawing import drawn
from runner.sources.files import Files, file_at
from runner.sources.local import local

ROWS = 1000


def folder(root: Path) -> Files:
    """Two files of a partitioned table, several row groups each."""
    for year, rows in ((2023, 300), (2024, 700)):
        place = root / "t" / f"year={year}"
        place.mkdir(parents=True)
        columns = {"n": np.arange(rows) + year * 10_000, "s": [f"{year}-{i}" for i in range(rows)]}
        pq.write_table(pa.table(columns), place / "part.parquet", row_group_size=128)
    found = local(root, "t/")
    return Files(found, found.items(), Part(found.items()), root)


def test_all_rows_where_there_are_no_more(tmp_path: Path) -> None:
    table = folder(tmp_path)
    pd.testing.assert_frame_equal(drawn(table, ["n", "s", "year"], ROWS, 1), table.frame())


def test_fewer_rows_are_whole_rows_of_the_table_and_the_same_again(tmp_path: Path) -> None:
    table = folder(tmp_path)
    found = drawn(table, ["n", "year"], 200, 1)
    assert list(found.columns) == ["n", "year"] and len(found) == 200 and found["n"].is_unique
    assert (found["n"] // 10_000 == found["year"]).all() and set(found["year"]) == {2023, 2024}
    pd.testing.assert_frame_equal(found, drawn(table, ["n", "year"], 200, 1))
    assert not found.equals(drawn(table, ["n", "year"], 200, 2))


def test_every_row_has_the_same_chance(tmp_path: Path) -> None:
    pd.DataFrame({"n": np.arange(50)}).to_parquet(tmp_path / "t.parquet", row_group_size=7)
    table = file_at(tmp_path / "t.parquet")
    counts = np.zeros(50)
    for seed in range(400):
        counts[drawn(table, ["n"], 10, seed)["n"]] += 1
    assert counts.min() > 45 and counts.max() < 120  # 80 expected, with a deviation of 8


def test_files_give_what_their_frame_would(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": [1, None, 3], "c": pd.Categorical(["x", "y", None]), "i": pd.array([1, None, 2], "Int64")},
        index=pd.Index([7, 8, 9], name="key"),
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = file_at(tmp_path / "t.parquet")
    names = ["key", "a", "c", "i"]
    pd.testing.assert_frame_equal(drawn(table, names, 10, 1)[names], table.frame()[names])


@pytest.mark.parametrize(("columns", "most", "rows"), [(["gone"], 5, 3), (["gone"], 2, 2)])
def test_columns_that_are_not_there_are_left_out(
    tmp_path: Path, columns: list[str], most: int, rows: int
) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).to_parquet(tmp_path / "t.parquet")
    found = drawn(file_at(tmp_path / "t.parquet"), columns, most, 1)
    assert (len(found), len(found.columns)) == (rows, 0)


def test_a_damaged_page_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.random.default_rng(1).normal(size=ROWS)}).to_parquet(path)
    raw = bytearray(path.read_bytes())
    raw[4:60] = b"\xff" * 56
    path.write_bytes(raw)
    with pytest.raises(InfrastructureError, match="cannot be read"):
        drawn(file_at(path), ["a"], 10, 1)


class InMemory:
    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def frame(self) -> Any:
        return self._frame


def test_other_sources_are_drawn_from_their_frames() -> None:
    table: Any = InMemory(pd.DataFrame({"a": range(100), "b": range(100)}))
    found = drawn(table, ["b"], 10, 1)
    assert list(found.columns) == ["b"] and len(found) == 10 and list(found.index) == list(range(10))
    with pytest.raises(InfrastructureError, match="Spark"):
        spark: Any = InMemory(object())
        drawn(spark, ["b"], 10, 1)

"""A trusted footer: what it proves, what it cannot, and what believing it costs."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.differential import case_of
from helpers.sameness import same

from runner.errors import InfrastructureError
from runner.expect.asks import Ask, Rows
from runner.expect.columns import column_of
from runner.expect.duck import DuckTable, columns_of
from runner.expect.facts import Fact, Of
from runner.expect.footer import Footer, Told, Trusting, _told, footer_of
from runner.expect.planning import Planned, answers, plan
from runner.sources.files import file_at
from runner.stages.tables.answering import planned

BETWEEN, NOT_NULL = "expect_column_values_to_be_between", "expect_column_values_to_not_be_null"
LEAST, GREATEST = "expect_column_min_to_be_between", "expect_column_max_to_be_between"
ROWS = "expect_table_row_count_to_equal"
SEEDS = range(200_000, 200_040)


class Untouched:
    """A table that nobody may look at."""

    def answer(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        raise AssertionError(list(asks))

    def rows(self, ask: Rows) -> list[tuple[Any, ...]]:
        raise AssertionError(ask)

    def count(self) -> int:
        raise AssertionError


def written(folder: Path, groups: int = 3, **columns: Any) -> Path:
    """A table in several row groups."""
    table = pa.table(columns)
    pq.write_table(table, folder / "t.parquet", row_group_size=-(-len(table) // groups))
    return folder / "t.parquet"


def intent(path: Path, **asked: tuple[str, dict[str, Any]]) -> Planned:
    return plan(asked, columns_of(path))


def value(path: Path, of: Of, name: str = "x") -> list[Any]:
    """A fact of a column as the footer has it, or []."""
    column = column_of(name, str(pq.read_schema(path).field(name).type))
    return list(footer_of([path])._values(Fact(of, column)))


def test_what_a_footer_proves_is_not_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, x=[5, 3, 9, None, 7], s=["a", "b", "c", "d", "e"])
    wanted = intent(
        path,
        range=(BETWEEN, {"column": "x", "min_value": 3, "max_value": 9}),
        texts=(NOT_NULL, {"column": "s"}),
        least=(LEAST, {"column": "x", "min_value": 3}),
        greatest=(GREATEST, {"column": "x", "max_value": 8}),
        rows=(ROWS, {"value": 5}),
    )
    trusting = Trusting(footer_of([path]), Untouched())
    found = answers(wanted, trusting)
    assert found == answers(wanted, DuckTable.of(path))
    assert found["range"][1]["missing_count"] == 1
    assert found["greatest"] == (False, {"observed_value": 9.0})
    assert set(trusting.alone(wanted.compiled)) == set(wanted.compiled)


def test_what_failed_is_looked_at_and_is_not_the_footers_answer(tmp_path: Path) -> None:
    path = written(tmp_path, x=[1, None, 3])
    wanted = intent(path, nulls=(NOT_NULL, {"column": "x"}), range=(BETWEEN, {"column": "x", "min_value": 2}))
    trusting = Trusting(footer_of([path]), DuckTable.of(path))
    found = answers(wanted, trusting)
    assert found["nulls"][1]["partial_unexpected_index_list"] == [1]
    assert found["range"][1]["partial_unexpected_list"] == [1.0]
    assert trusting.alone(wanted.compiled) == ()


def test_of_floats_a_footer_knows_neither_nulls_nor_values(tmp_path: Path) -> None:
    path = written(tmp_path, groups=1, x=[1.0, math.nan, 2.0])
    assert value(path, Of.MISSING) == value(path, Of.PRESENT) == []
    assert (value(path, Of.LEAST), value(path, Of.GREATEST)) == ([1.0], [2.0])
    wanted = intent(
        path,
        nulls=(NOT_NULL, {"column": "x"}),
        range=(BETWEEN, {"column": "x", "min_value": 0}),
        least=(LEAST, {"column": "x", "min_value": 1}),
    )
    trusting = Trusting(footer_of([path]), DuckTable.of(path))
    found = answers(wanted, trusting)
    assert found["nulls"][0] is False and found["range"][1]["missing_count"] == 1
    assert trusting.alone(wanted.compiled) == ("least",)


@pytest.mark.parametrize("nan", [[math.nan] * 2, [math.nan, None]])
def test_a_row_group_of_nan_alone_proves_no_extremes(nan: list[Any], tmp_path: Path) -> None:
    path = written(tmp_path, groups=2, x=[1.0, 2.0, *nan])
    assert value(path, Of.LEAST) == []


def test_a_least_zero_has_the_sign_that_a_scan_would_find(tmp_path: Path) -> None:
    path = written(tmp_path, x=[0.0, 1.0, 2.0])
    assert [str(each) for each in value(path, Of.LEAST)] == ["0.0"]


def test_a_row_group_of_nulls_alone_changes_no_extremes(tmp_path: Path) -> None:
    path = written(tmp_path, groups=2, x=pa.array([None, None, 4, 2], pa.int64()))
    assert (value(path, Of.LEAST), value(path, Of.GREATEST), value(path, Of.MISSING)) == ([2], [4], [2])
    nothing = written(tmp_path, x=pa.array([None, None], pa.int64()))
    assert (value(nothing, Of.LEAST), value(nothing, Of.PRESENT)) == ([None], [0])


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2**63 + 5], pa.uint64()),
        ["a", "b" * 100],
        [Decimal("1.20"), Decimal("3.40")],
        [dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1)],
        [False, True],
    ],
    ids=["unsigned", "texts", "decimals", "times", "booleans"],
)
def test_of_other_types_the_nulls_alone_are_proved(values: Any, tmp_path: Path) -> None:
    path = written(tmp_path, x=values)
    assert value(path, Of.MISSING) == [0]
    assert value(path, Of.LEAST) == value(path, Of.GREATEST) == []


def test_nested_columns_and_files_without_statistics_prove_rows_only(tmp_path: Path) -> None:
    path = written(tmp_path, x=[1, 2], n=[{"x": None, "y": 1}, {"x": None, "y": 2}])
    assert footer_of([path]) == Footer(2)
    pq.write_table(pa.table({"x": [1, 2]}), path, write_statistics=False)
    assert value(path, Of.MISSING) == value(path, Of.LEAST) == []
    assert list(footer_of([path])._values(Fact(Of.ROWS))) == [2]


def test_a_row_group_that_tells_nothing_leaves_the_whole_column_unknown() -> None:
    assert Told(0, (1, 2)).beside(Told()) == Told()
    assert Told(1, (1, 5)).beside(Told(2, (0, 3))) == Told(3, (0, 5))
    assert Told(1, None).beside(Told(2, (0, 3))) == Told(3, None)


def test_statistics_that_contradict_the_rows_tell_nothing() -> None:
    said = SimpleNamespace(has_null_count=True, null_count=4, has_min_max=True, min=9, max=1)
    chunk = SimpleNamespace(is_stats_set=True, num_values=3, statistics=said)
    assert _told(chunk, 3) == Told()  # more nulls than rows, extremes in another order
    said.null_count, said.max = 0, 10
    assert _told(chunk, 3) == Told(0, (9, 10)) and _told(chunk, 4) == Told()
    said.min = math.nan
    assert _told(chunk, 3) == Told(0)


def test_files_of_one_table_are_told_of_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    pq.write_table(pa.table({"x": [1, None], "y": [1, 1]}), paths[0])
    pq.write_table(pa.table({"x": [7]}), paths[1])
    told = footer_of(paths)
    assert told.rows == 3 and told.columns["x"] == Told(1, (1, 7))
    assert told.columns["y"] == Told()  # one of the files has no such column


def test_integers_that_floats_blur_are_compared_by_the_scan(tmp_path: Path) -> None:
    path = written(tmp_path, x=[2**53 + 1, 5])
    wanted = intent(path, range=(BETWEEN, {"column": "x", "max_value": 2.0**60}))
    assert Trusting(footer_of([path]), Untouched()).alone(wanted.compiled) == ()


def test_a_condition_is_the_scans(tmp_path: Path) -> None:
    path = written(tmp_path, x=[1, 2, 3])
    some = {"row_condition": "x > 1", "condition_parser": "pandas"}
    wanted = intent(path, range=(BETWEEN, {"column": "x", "min_value": 0, **some}), rows=(ROWS, {"value": 3}))
    assert Trusting(footer_of([path]), Untouched()).alone(wanted.compiled) == ("rows",)


def test_what_is_no_parquet_has_no_footer(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("PAR1 nothing PAR1")
    with pytest.raises(InfrastructureError, match="cannot be read"):
        footer_of([tmp_path / "t.parquet"])


def test_trusting_an_honest_footer_changes_no_answer(tmp_path: Path) -> None:
    compiled, alone = 0, 0
    for seed in SEEDS:
        case = case_of(seed, tmp_path)
        wanted = planned(case.suite, file_at(case.path).columns())
        table = DuckTable.of(case.path, threads=1)
        trusting = Trusting(footer_of([case.path]), table)
        doubting, trusted = answers(wanted, table), answers(wanted, trusting)
        assert doubting.keys() == trusted.keys()
        for id, answer in doubting.items():
            assert same(answer, trusted[id]), (seed, id, answer, trusted[id])
        compiled, alone = compiled + len(doubting), alone + len(trusting.alone(wanted.compiled))
    assert compiled > 200 and alone > 10


def test_a_footer_that_lies_is_believed_where_it_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"x": pa.array([1, 5, 9], pa.int64())}), path, compression="none", use_dictionary=False
    )
    raw = path.read_bytes()
    footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    lie = raw[footer:].replace((9).to_bytes(8, "little"), (5).to_bytes(8, "little"))
    path.write_bytes(raw[:footer] + lie)
    wanted = intent(path, range=(BETWEEN, {"column": "x", "max_value": 6}))
    doubted = file_at(path)
    assert answers(wanted, doubted.asked())["range"][0] is False
    assert answers(wanted, replace(doubted, trusted=True).asked())["range"][0] is True

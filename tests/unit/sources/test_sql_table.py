"""Asks as a database answers them, with DuckDB for the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runner.errors import InfrastructureError
from runner.expect.asks import (
    MEDIAN,
    Ask,
    Distinct,
    Quantiles,
    Query,
    Rows,
    Scalar,
    Uncomputable,
    Uniqueness,
    Values,
)
from runner.expect.columns import Column, Kind
from runner.expect.compiled import Compiled
from runner.expect.compilers import COMPILERS
from runner.expect.duck import DuckTable
from runner.expect.scope import Scope
from runner.sources.dialects import Dialect
from runner.sources.sql import SqlTable

DUCK = Dialect("duckdb", lambda pattern: pattern, "regexp_matches({column}, {pattern})")
ROWS = {"n": [3, 1, 2, 2, None, 1], "t": ["a", "b", "b", None, "", "b"]}


class Session:
    """DuckDB over an Arrow table `t`; `broken` says of which queries nothing can be computed."""

    dialect = DUCK

    def __init__(
        self, rows: dict[str, list[Any]], broken: Callable[[str], bool] = lambda query: False
    ) -> None:
        self.connection, self.asked, self.broken = duckdb.connect(), list[str](), broken
        self.connection.register("t", pa.table(rows))

    def select(self, query: str) -> list[tuple[Any, ...]]:
        self.asked.append(query)
        if self.broken(query):
            raise Uncomputable("cannot be computed")
        found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found


def test_all_aggregates_are_one_query() -> None:
    session = Session(ROWS)
    few = Scalar("count(*)", '"n" > 1')
    most, total = Scalar('max("n")', "\"t\" = 'b'"), Scalar('sum("n")')
    assert SqlTable(session, "t").answer([few, most, total, few]) == {few: 3, most: 2, total: 9}
    assert len(session.asked) == 1


def test_what_cannot_be_computed_leaves_the_rest() -> None:
    session = Session(ROWS, lambda query: "SUM" in query)
    asks = [Scalar('min("n")'), Scalar('max("n")'), Scalar('sum("n")'), Scalar("count(*)")]
    assert SqlTable(session, "t").answer(asks) == {asks[0]: 1, asks[1]: 3, asks[3]: 6}


def test_what_cannot_be_said_is_not_asked() -> None:
    session = Session(ROWS)
    asks: list[Ask] = [
        Scalar('mode("n")'),
        Scalar("count(*)", "{at} > 3"),
        Distinct(('hash("n")',)),
        Query("SELECT count(*) FROM {table}"),
    ]
    table = SqlTable(session, "t")
    assert table.answer(asks) == {} and session.asked == []
    assert all(table.unsaid([ask]) for ask in asks)
    assert table.unsaid([Scalar("count(*)", '"n" > 1')]) == ""


def test_distinct_values_are_counted_with_what_is_shared() -> None:
    both, one = Distinct(('"n"', '"t"')), Distinct(('"n"',), '"n" IS NOT NULL')
    assert SqlTable(Session(ROWS), "t").answer([both, one]) == {
        both: Uniqueness(6, 5, 2),
        one: Uniqueness(5, 3, 4),
    }


def test_values_with_their_counts_or_none_if_they_are_too_many() -> None:
    table, all_of_them = SqlTable(Session(ROWS), "t"), Values('"t"', '"t" IS NOT NULL')
    assert sorted(table.answer([all_of_them])[all_of_them]) == [("", 1), ("a", 1), ("b", 3)]
    few = Values('"t"', '"t" IS NOT NULL', limit=2)
    assert table.answer([few]) == {few: None}


def test_the_first_rows_in_the_order_of_their_values_without_a_position() -> None:
    found = SqlTable(Session(ROWS), "t").rows(Rows(('"t"', '"n"'), '"n" < 3', 3))
    assert found == [(None, None, 2), (None, "b", 1), (None, "b", 1)]


def test_a_result_tells_no_positions() -> None:
    columns = {"n": Column("n", Kind.INTEGER, "int64")}
    asked = COMPILERS["expect_column_values_to_be_between"]({"column": "n", "max_value": 2}, Scope(columns))
    table = SqlTable(Session(ROWS), "t")
    found = table.answer(asked.asks)
    wanted = asked.rows(found)
    assert wanted is not None
    success, result = asked.conclude(found, table.rows(wanted))
    assert not success and result["partial_unexpected_list"] == [3.0]
    assert "partial_unexpected_index_list" not in result


def test_rows_that_share_keys_nulls_among_them() -> None:
    rows = {"a": [1, 1, None, None, 2], "b": ["x", "x", None, None, "x"]}
    columns = {"a": Column("a", Kind.INTEGER, "int64"), "b": Column("b", Kind.TEXT, "str")}
    compiled: Compiled = COMPILERS["expect_compound_columns_to_be_unique"](
        {"column_list": ["a", "b"], "ignore_row_if": "never"}, Scope(columns)
    )
    table = SqlTable(Session(rows), "t")
    wanted = compiled.rows(table.answer(compiled.asks))
    assert wanted is not None
    assert table.rows(wanted) == [(None, None, None)] * 2 + [(None, 1, "x")] * 2


def test_quantiles_are_asked_by_their_places() -> None:
    session = Session(ROWS)
    ask = Quantiles('"n"', (0.0, 0.5, 0.9), "linear", '"n" IS NOT NULL')
    assert SqlTable(session, "t").answer([ask]) == {ask: pytest.approx([1.0, 2.0, 2.6])}
    assert "IN (1, 2, 3, 4, 5)" in session.asked[-1]


def test_rows_that_were_lost_between_two_queries_are_told() -> None:
    session = Session(ROWS)
    later = session.select

    def select(query: str) -> list[tuple[Any, ...]]:
        return later(query) if "count(*)" in query else []

    session.select = select  # type: ignore[method-assign]
    with pytest.raises(InfrastructureError, match="lost rows"):
        SqlTable(session, "t").answer([Quantiles('"n"', (0.5,), where='"n" IS NOT NULL')])


def test_quantiles_of_nothing_are_none(tmp_path: Path) -> None:
    ask = Quantiles('"n"', (0.1, 0.9), where='"n" > 100')
    assert SqlTable(Session(ROWS), "t").answer([ask]) == {ask: [None, None]}


def test_infinities_have_a_middle() -> None:
    values = {"v": [float("inf")] * 3 + [1.0]}
    ask, path = Quantiles('"v"', (0.5,), MEDIAN), "t"
    assert SqlTable(Session(values), path).answer([ask]) == {ask: [float("inf")]}


def test_it_answers_what_duckdbs_own_way_answers(tmp_path: Path) -> None:
    pq.write_table(pa.table(ROWS), tmp_path / "t.parquet")
    asks: list[Ask] = [
        Scalar('avg("n")', '"n" IS NOT NULL'),
        Scalar('stddev_samp("n")', '"n" IS NOT NULL'),
        Distinct(('"t"',), '"t" IS NOT NULL'),
        Quantiles('"n"', (0.1, 0.5), where='"n" IS NOT NULL'),
    ]
    there, here = SqlTable(Session(ROWS), "t"), DuckTable.of(tmp_path / "t.parquet", threads=1)
    found, wanted = there.answer(asks), here.answer(asks)
    assert [found[ask] for ask in asks[:2]] == pytest.approx([wanted[ask] for ask in asks[:2]])
    assert [found[ask] for ask in asks[2:]] == [wanted[ask] for ask in asks[2:]]

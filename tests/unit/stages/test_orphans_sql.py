"""Foreign keys within one database, with DuckDB for the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from runner.errors import InfrastructureError
from runner.expect.columns import Column, column_of
from runner.sources.dialects import Dialect
from runner.sources.sql import SqlTable
from runner.stages.tables.orphans import Orphan, Orphans, Side
from runner.stages.tables.orphans_sql import in_one_database, orphans_there

DUCK = Dialect("duckdb", lambda pattern: pattern, "regexp_matches({column}, {pattern})")


@dataclass
class Session:
    """One DuckDB for the tables of a connection."""

    connection: Any
    dialect = DUCK

    def select(self, query: str) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(query).fetchall())


@dataclass
class Blind:
    """The same of another language, which keeps what it was asked."""

    connection: Any
    dialect: Dialect
    asked: list[str]

    def select(self, query: str) -> list[tuple[Any, ...]]:
        self.asked.append(query)
        return list(self.connection.execute(query).fetchall())


@dataclass
class Table:
    """A `Source` of a table there."""

    session: Session | Blind
    name: str
    rows: pa.Table

    def columns(self) -> Mapping[str, Column]:
        return {field.name: column_of(field.name, str(field.type)) for field in self.rows.schema}

    def asked(self) -> SqlTable:
        return SqlTable(self.session, f"(SELECT * FROM {self.name}) AS t")  # noqa: S608


def sides(child: Mapping[str, Any], parent: Mapping[str, Any], connections: str = "ww") -> tuple[Side, Side]:
    session, made = Session(duckdb.connect()), list[Side]()
    for name, columns, connection in zip("cp", (child, parent), connections, strict=True):
        rows = pa.table(dict(columns))
        session.connection.register(name, rows)
        made.append(Side(Table(session, name, rows), tuple(columns), connection))  # type: ignore[arg-type]
    return made[0], made[1]


def test_what_has_no_match_is_counted_where_it_lies() -> None:
    child = {"a": ["x", "y", "y", None, "q"], "b": [1, 2, 2, 9, None]}
    found = orphans_there(*sides(child, {"u": ["x", "y"], "v": [1, 1]}))
    assert found == Orphans(3, 2, 2, 1, (Orphan(("y", "2"), 2, None),))


def test_all_that_match_are_no_orphans_and_nan_is_no_key() -> None:
    assert orphans_there(*sides({"a": [1.5, float("nan"), None]}, {"b": [1.5]})) == Orphans(1, 2)
    assert orphans_there(*sides({"a": pa.array([], pa.string())}, {"b": ["x"]})) == Orphans(0, 0)


@pytest.mark.parametrize(("own", "other"), [([1], ["1"]), ([1], [1.0]), ([[1]], [[1]])])
def test_kinds_that_differ_are_not_cast(own: list[Any], other: list[Any]) -> None:
    with pytest.raises(InfrastructureError, match="cannot be compared"):
        orphans_there(*sides({"a": own}, {"b": other}))


def test_blanks_at_a_texts_end_count_where_the_database_ignores_them() -> None:
    child, parent = sides({"a": ["x ", "x ", "x", "y"]}, {"b": ["x", "y"]})
    asked: list[str] = []
    for side, name in ((child, "a"), (parent, "b")):
        session: Any = side.source.asked().session  # type: ignore[attr-defined]
        blind = Blind(session.connection, replace(DUCK, blank=frozenset({name})), asked)
        side.source.session = blind  # type: ignore[attr-defined]
    assert orphans_there(child, parent) == Orphans(4, 0, 2, 1, (Orphan(("x ",), 2, None),))
    assert """"a" || '.'""" in asked[-1] and """"b" || '.'""" in asked[-1]


def test_tables_of_two_connections_do_not_lie_together() -> None:
    assert in_one_database(*sides({"a": [1]}, {"b": [1]}))
    assert not in_one_database(*sides({"a": [1]}, {"b": [1]}, "wv"))

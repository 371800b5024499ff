"""Made tables in a PostgreSQL, and the same rows in Parquet: what compilers ask of either has one answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from helpers.differential import Case, same
from psycopg import sql

from runner.adapters.postgres import Postgres
from runner.expect.columns import Column, Kind
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import answers
from runner.sources.cost import Limits
from runner.sources.parsing import parsed_rows
from runner.sources.postgres import PostgresTable
from runner.sources.redshift import RedshiftTable
from runner.stages.tables.answering import planned

UNBOUND = Limits(None, 1_000_000)
TYPES = {
    "int8": "smallint", "int16": "smallint", "int32": "integer", "int64": "bigint", "uint8": "smallint",
    "uint64": "numeric(20)", "halffloat": "real", "float": "real", "double": "double precision",
    "bool": "boolean", "string": "text", "large_string": "varchar", "timestamp[us]": "timestamp",
    "timestamp[ns]": "timestamp", "timestamp[ms]": "timestamp", "timestamp[ms, tz=UTC]": "timestamptz",
    "date32[day]": "date", "decimal128(9, 2)": "numeric(9,2)", "null": "text", "binary": "bytea",
    "list<element: int64>": "bigint[]", "list<item: int64>": "bigint[]",
}  # fmt: skip
ARROW = {
    Kind.INTEGER: pa.int64(), Kind.FLOAT: pa.float64(), Kind.BOOLEAN: pa.bool_(), Kind.TEXT: pa.string(),
    Kind.TIME: pa.timestamp("us"), Kind.INSTANT: pa.timestamp("us", "UTC"), Kind.DATE: pa.date32(),
    Kind.OBJECT: pa.binary(),
}  # fmt: skip


def load(connection: psycopg.Connection[Any], name: str, path: Path) -> None:
    """Make a table of a Parquet file's rows."""
    table = pq.read_table(path)
    columns = [(field.name, TYPES.get(str(field.type), "text")) for field in table.schema]
    made = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(type)) for column, type in columns
    )
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), made))
    values = [table.column(n).to_pylist() for n in range(table.num_columns)]
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
        for row in zip(*values, strict=True):
            copy.write_row([_plain(value) for value in row])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return str(value)
    return value if not hasattr(value, "to_pydatetime") else value.to_pydatetime(warn=False)


def as_parquet(columns: Mapping[str, Column], rows: Sequence[Sequence[Any]], path: Path) -> Path:
    """Rows as they are read from a database, with the types that they have there."""
    arrays = [
        pa.array([_held(row[n]) for row in rows], ARROW[column.kind])
        for n, column in enumerate(columns.values())
    ]
    pq.write_table(pa.Table.from_arrays(arrays, list(columns)), path)
    return path


def _held(value: Any) -> Any:
    return str(value).encode() if isinstance(value, Decimal) else value


@dataclass(frozen=True)
class Unlike:
    """An expectation that a database answers otherwise than DuckDB."""

    seed: int
    type: str
    kwargs: Mapping[str, Any]
    there: Any
    here: Any


@dataclass(frozen=True)
class Both:
    """A case's answers: by type, which the database gave; which it left; and where they differ."""

    answered: tuple[str, ...]
    left: tuple[str, ...]
    unlike: tuple[Unlike, ...]


def both(case: Case, postgres: Postgres, name: str, folder: Path) -> Both:
    """The case's compiled expectations over the loaded table, by PostgreSQL and by DuckDB."""
    table = PostgresTable(postgres, f'"public"."{name}"', name, UNBOUND)
    return compared_with_duckdb(case, table, folder / f"{name}.parquet")


def compared_with_duckdb(case: Case, table: PostgresTable | RedshiftTable, path: Path) -> Both:
    """What a table answers of a case, and DuckDB over its rows, which are written to `path`."""
    columns = table.columns()
    assert not isinstance(columns, Uncompiled)
    local = as_parquet(columns, _rows(table, columns), path)
    try:
        known = columns_of(local)
    except Uncompiled:  # names that DuckDB has for something else
        return Both((), (), ())
    here = answers(planned(case.suite, known), DuckTable.of(local, threads=1))
    there = answers(planned(case.suite, columns), table.asked())
    kinds = {e.id: (e.type, e.kwargs) for e in case.suite.expectations}
    unlike = [
        Unlike(case.seed, *kinds[id], there[id], here.get(id))
        for id in there
        if id not in here or not alike(there[id], here[id])
    ]
    left = tuple(kinds[id][0] for id in here.keys() - there.keys())
    return Both(tuple(kinds[id][0] for id in there), left, tuple(unlike))


def _rows(table: PostgresTable | RedshiftTable, columns: Mapping[str, Column]) -> list[tuple[Any, ...]]:
    if isinstance(table, PostgresTable):
        return [row for batch in table._batches() for row in batch]
    found = table.statements.select(f"SELECT * FROM {table._relation}")  # noqa: S608
    return parsed_rows(list(columns.values()), found, table.where)


def alike(there: Any, here: Any) -> bool:
    """Equal but for rows' positions, and for which of more than 20 unexpected values are shown."""
    mine, his = _comparable(there), _comparable(here)
    return same(mine, his)


def _comparable(answer: Any) -> Any:
    success, result = answer
    told = {k: v for k, v in result.items() if k != "partial_unexpected_index_list"}
    if "partial_unexpected_list" in told and "unexpected_count" in told and "element_count" in told:
        counts = told.pop("partial_unexpected_counts", None)
        shown = told.pop("partial_unexpected_list")
        if told["unexpected_count"] <= 20:
            told["shown"] = sorted(map(_said, shown))
            told["counts"] = sorted(map(_said, counts or ()))
    return {"success": success, "result": told}


def _said(value: Any) -> str:
    """A value as text; of the two zeros, which are equal, the one without a sign."""
    return re.sub(r"-0\.0(?![\d.e])", "0.0", repr(value))

"""A table of PostgreSQL, Aurora's too: asked where it lies, in one snapshot of it.

What columns are to pandas is what pandas would have from a query: whole numbers are int64, floats and
decimals of up to 15 digits are float64, times have microseconds. What PostgreSQL has types of its own for
(uuid, enum, json, inet, char(n), ...) is read as its text.
"""

# ruff: noqa: S608  names are quoted where they become SQL (columns.py)
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runner.adapters.postgres import DataError, Postgres
from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable
from runner.expect.columns import Column, Kind, quoted
from runner.expect.literals import Uncompiled
from runner.sources.cost import Limits
from runner.sources.dialects import POSTGRES, Dialect
from runner.sources.fetched import BATCH, framed
from runner.sources.sql import SqlTable

if TYPE_CHECKING:
    import pandas as pd

INTEGERS, FLOATS = ("int2", "int4", "int8", "oid"), ("float4", "float8")
EXACT_DIGITS = 15  # so many decimal digits, and no more, are one float each: C's DBL_DIG
DOUBLE, TEXT = "{0}::float8", '{0}::text COLLATE "C"'
MOMENTS = {
    "timestamp": (Kind.TIME, "datetime64[us]"),
    "timestamptz": (Kind.INSTANT, "datetime64[us, UTC]"),
    "date": (Kind.DATE, "object"),
}
# A domain is of the type that it is made of; atttypmod holds a decimal's digits: ((p << 16) | s) + 4.
ATTRIBUTES = """
SELECT a.attname, coalesce(b.typname, t.typname),
  CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd'
WHERE a.attrelid = %s::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


SIZE = """
SELECT coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_catalog.pg_partition_tree(%s::oid)),
  pg_total_relation_size(oid))
FROM pg_catalog.pg_class WHERE oid = %s::oid AND relkind IN ('r', 'm', 'p', 't')
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection as `sql.Session` wants it."""

    postgres: Postgres
    dialect: Dialect = POSTGRES

    def select(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self.postgres.select(query)
        except DataError as error:
            raise Uncomputable(f"cannot be computed: {error}", where=self.postgres.where) from None


@dataclass(frozen=True)
class PostgresTable:
    """A table, a view or the like; `name` is quoted already, `where` what lockgate.yml calls it."""

    postgres: Postgres
    name: str
    where: str
    limits: Limits

    def columns(self) -> Mapping[str, Column] | Uncompiled:
        if self.postgres.encoding != "UTF8":
            return Uncompiled(f"its database's texts are {self.postgres.encoding}, not UTF8")
        return {name: column for name, (column, _) in self._read.items()}

    def asked(self) -> SqlTable:
        return self._asked

    @cached_property
    def _asked(self) -> SqlTable:
        self._guard()
        return SqlTable(Snapshot(self.postgres), self._relation)

    def frame(self) -> pd.DataFrame:
        self._guard()
        self.limits.require_few(self.asked().count(), self.where)
        return framed([column for column, _ in self._read.values()], self._batches(), self.where)

    def digest(self) -> str:
        """Of the columns with their types and the number of rows. That no value changes while it is judged is
        the snapshot's promise; which values there were, the result's."""
        self.postgres.select("SELECT 1")  # the transaction still stands
        told = [
            self.name,
            [[name, *map(str, kind)] for name, *kind in self._attributes],
            self.asked().count(),
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def size(self) -> int:
        return self._size or 0

    def declared(self) -> Mapping[str, str]:
        return {name: _declared(type, modifier) for name, type, modifier in self._attributes}

    def facts(self) -> Mapping[str, Any]:
        return {}

    @cached_property
    def _oid(self) -> int:
        found = self.postgres.select("SELECT to_regclass(%s)::oid", [self.name])[0][0]
        if found is None:
            raise InfrastructureError("there is no such table, or no right to see it", where=self.where)
        return int(found)

    @cached_property
    def _size(self) -> int | None:
        """Of a partitioned table, all its partitions; None of a view, or of a table that lies elsewhere."""
        found = self.postgres.select(SIZE, [self._oid, self._oid])
        return int(found[0][0]) if found else None

    @cached_property
    def _attributes(self) -> list[tuple[Any, ...]]:
        return self.postgres.select(ATTRIBUTES, [self._oid])

    @cached_property
    def _read(self) -> dict[str, tuple[Column, str]]:
        """By name, each column and the SQL that reads it."""
        return {name: _column(name, type, modifier) for name, type, modifier in self._attributes}

    @property
    def _relation(self) -> str:
        chosen = ", ".join(f"{sql} AS {column.sql}" for column, sql in self._read.values())
        return f"(SELECT {chosen} FROM {self.name}) AS t"

    def _batches(self) -> Iterator[list[tuple[Any, ...]]]:
        return self.postgres.batches(f"SELECT * FROM {self._relation}", BATCH)

    def _guard(self) -> None:
        self.limits.require_small(self._size, self.where)


def _declared(type: str, modifier: int) -> str:
    if type != "numeric" or modifier < 4:
        return type
    return f"numeric({(modifier - 4) >> 16},{(modifier - 4) & 0xFFFF})"


def _column(name: str, type: str, modifier: int) -> tuple[Column, str]:
    sql = quoted(name)
    if type in INTEGERS:
        return Column(name, Kind.INTEGER, "int64"), sql if type != "oid" else f"{sql}::int8"
    if type in FLOATS or (type == "numeric" and modifier >= 4 and (modifier - 4) >> 16 <= EXACT_DIGITS):
        return Column(name, Kind.FLOAT, "float64"), DOUBLE.format(sql)
    if type == "bool":
        return Column(name, Kind.BOOLEAN, "bool"), sql
    if type in MOMENTS:
        return Column(name, *MOMENTS[type]), sql
    if type in ("numeric", "bytea"):
        return Column(name, Kind.OBJECT, "object"), sql
    return Column(name, Kind.TEXT, "str"), TEXT.format(sql)

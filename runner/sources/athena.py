"""A table of Athena: asked by its queries, whose results are read page by page.

Athena has no snapshot of a table of files. Its digest is taken of the table's definition and of every object
below its locations, before it is judged and again afterwards.
"""

# ruff: noqa: S608  names are quoted where they become SQL (columns.py)
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from runner.adapters.aws import Aws
from runner.config.data import Athena
from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable
from runner.expect.columns import Column, Kind, quoted
from runner.expect.literals import Uncompiled
from runner.sources.catalogue import Listed, Object, listed, objects
from runner.sources.cost import Limits
from runner.sources.dialects import ATHENA, Dialect
from runner.sources.fetched import framed
from runner.sources.paged import Paged
from runner.sources.polling import Clock, awaited
from runner.sources.sql import SqlTable
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

ENDED, GOOD = ("SUCCEEDED", "FAILED", "CANCELLED"), "SUCCEEDED"
PAGE = 1000  # the most that Athena gives
# Errors of values, by Trino's names of them: io.trino.spi.StandardErrorCode.
BEYOND = re.compile(r"NUMERIC_VALUE_OUT_OF_RANGE|INVALID_CAST_ARGUMENT|DIVISION_BY_ZERO")
INTEGERS = ("tinyint", "smallint", "int", "integer", "bigint")
FLOATS = ("float", "real", "double")
DECIMAL = re.compile(r"decimal\((\d+)(?:,\s*\d+)?\)")
EXACT_DIGITS = 15  # so many decimal digits, and no more, are one float each: C's DBL_DIG
DOUBLE = "CAST({0} AS DOUBLE)"


def dialect_of(is_sandbox: bool) -> Dialect:
    """Athena's language; the sandbox's Athena is DuckDB, to which one function has another name."""
    return replace(ATHENA, search="regexp_matches({column}, {pattern})") if is_sandbox else ATHENA


@dataclass
class Queries(Paged):
    """Athena as `sql.Session` wants it; `scanned` adds up the bytes that its queries read."""

    aws: Aws
    config: Athena
    database: str
    where: str
    dialect: Dialect = ATHENA
    clock: Clock = field(default_factory=Clock)
    scanned: int = 0
    lost: str = ""

    def _run(self, query: str) -> str:
        place = {"ResultConfiguration": {"OutputLocation": self.config.output}} if self.config.output else {}
        asked = {
            "QueryString": query,
            "ClientRequestToken": uuid4().hex,
            "QueryExecutionContext": {"Database": self.database, "Catalog": self.config.catalog},
            "WorkGroup": self.config.workgroup,
        }
        id = str(self.aws.call("athena", "start_query_execution", **asked, **place)["QueryExecutionId"])
        seconds = self.config.statement_timeout
        told = awaited(lambda: self._ended(id), seconds, lambda: self._stop(id), self.where, self.clock)
        self.scanned += int((told.get("Statistics") or {}).get("DataScannedInBytes") or 0)
        self._require_good(told["Status"])
        return id

    def _ended(self, id: str) -> dict[str, Any] | None:
        told = self.aws.call("athena", "get_query_execution", QueryExecutionId=id)["QueryExecution"]
        return told if told["Status"]["State"] in ENDED else None

    def _require_good(self, status: Mapping[str, Any]) -> None:
        if status["State"] == GOOD:
            return
        why = one_line(status.get("StateChangeReason") or status["State"].lower())
        if BEYOND.search(why):
            raise Uncomputable(f"cannot be computed: {why}", where=self.where)
        raise InfrastructureError(f"a query failed: {why}", where=self.where)

    def _stop(self, id: str) -> None:
        self.aws.call("athena", "stop_query_execution", QueryExecutionId=id)

    def _pages(self, id: str) -> Iterator[list[tuple[Any, ...]]]:
        """The first page begins with the columns' names."""
        more: dict[str, Any] = {}
        skipped = 1
        while True:
            page = self.aws.call("athena", "get_query_results", QueryExecutionId=id, MaxResults=PAGE, **more)
            kinds = [str(each["Type"]) for each in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
            rows = page["ResultSet"]["Rows"][skipped:]
            yield [tuple(map(_value, row["Data"], kinds)) for row in rows]
            if not page.get("NextToken"):
                return
            more, skipped = {"NextToken": page["NextToken"]}, 0


def _value(datum: Mapping[str, str], kind: str) -> Any:
    """A value of Athena's text of it; without a text, a null."""
    from decimal import Decimal

    said = datum.get("VarCharValue")
    if said is None:
        return None
    if kind in INTEGERS:
        return int(said)
    if kind in FLOATS:
        return float(said)
    if kind == "decimal":
        return Decimal(said)
    return said.lower() == "true" if kind == "boolean" else said


@dataclass(frozen=True)
class AthenaTable:
    """A table or a view of a catalogue; `where` is what lockgate.yml calls it."""

    queries: Queries
    name: str
    where: str
    limits: Limits

    def columns(self) -> Mapping[str, Column] | Uncompiled:
        return {name: column for name, (column, _) in self._read.items()}

    def asked(self) -> SqlTable:
        return self._asked

    @cached_property
    def _asked(self) -> SqlTable:
        self._guard()
        return SqlTable(self.queries, self._relation)

    def frame(self) -> pd.DataFrame:
        from runner.sources.parsing import parsed_rows

        self._guard()
        self.limits.require_few(self.asked().count(), self.where)
        columns = [column for column, _ in self._read.values()]
        batches = self.queries.batches(f"SELECT * FROM {self._relation}")
        read = (parsed_rows(columns, rows, self.where) for rows in batches if rows)
        return framed(columns, read, self.where)

    def digest(self) -> str:
        """Of the table's definition and of every object that it consists of now: name, tag, size."""
        definition = self._definition()
        told = [self.name, definition.columns, [list(each) for each in self._objects(definition)]]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def size(self) -> int:
        """Bytes of its objects, of which a query of columns reads a part; of a view, which has none, 0."""
        return self._size or 0

    def declared(self) -> Mapping[str, str]:
        return dict(self._known.columns)

    def facts(self) -> Mapping[str, Any]:
        return {"bytes_scanned": self.queries.scanned}

    def _definition(self) -> Listed:
        return listed(self.queries.aws, self.queries.database, self.name, self.where)

    def _objects(self, definition: Listed) -> list[Object]:
        return objects(self.queries.aws, definition)

    @cached_property
    def _known(self) -> Listed:
        return self._definition()

    @cached_property
    def _size(self) -> int | None:
        if not self._known.locations:
            return None
        return sum(size for _, _, size in self._objects(self._known))

    @cached_property
    def _read(self) -> dict[str, tuple[Column, str]]:
        return {name: _column(name, type) for name, type in self._known.columns}

    @property
    def _relation(self) -> str:
        chosen = ", ".join(f"{sql} AS {column.sql}" for column, sql in self._read.values())
        return f"(SELECT {chosen} FROM {quoted(self.queries.database)}.{quoted(self.name)}) AS t"

    def _guard(self) -> None:
        self.limits.require_small(self._size, self.where)


def _column(name: str, type: str) -> tuple[Column, str]:
    sql, digits = quoted(name), DECIMAL.fullmatch(type)
    if type in INTEGERS:
        return Column(name, Kind.INTEGER, "int64"), sql
    if type in FLOATS or (digits and int(digits[1]) <= EXACT_DIGITS):
        return Column(name, Kind.FLOAT, "float64"), DOUBLE.format(sql)
    if type == "boolean":
        return Column(name, Kind.BOOLEAN, "bool"), sql
    if type == "string" or type.startswith("varchar"):
        return Column(name, Kind.TEXT, "str"), f"CAST({sql} AS VARCHAR)"
    if type == "timestamp":
        return Column(name, Kind.TIME, "datetime64[us]"), sql
    if type == "date":
        return Column(name, Kind.DATE, "object"), sql
    return Column(name, Kind.OBJECT, "object"), sql

"""A table of Redshift, by its Data API: asked without a connection, one statement at a time.

The API keeps no transaction open, so that there is no snapshot: the digest is a fingerprint of all values,
computed there, before the table is judged and again afterwards. Trailing blanks, which Redshift's comparisons
of texts ignore, count here as they do everywhere else (dialects.py).
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
from runner.config.data import Redshift
from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable
from runner.expect.columns import Column, Kind, quoted
from runner.expect.literals import Uncompiled, text
from runner.sources.cost import Limits
from runner.sources.dialects import REDSHIFT, Dialect
from runner.sources.fetched import framed
from runner.sources.paged import Paged
from runner.sources.polling import Clock, awaited
from runner.sources.sql import SqlTable
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

GOOD, ENDED = "FINISHED", ("FINISHED", "FAILED", "ABORTED")
BEYOND = re.compile(r"overflow|out of range|invalid digit|division by zero", re.IGNORECASE)
FIELDS = ("longValue", "doubleValue", "stringValue", "booleanValue", "blobValue")
MEGABYTE = 2**20
SCHEMA = "public"
EXACT_DIGITS = 15  # so many decimal digits, and no more, are one float each: C's DBL_DIG
INTEGERS, FLOATS = ("smallint", "integer", "bigint"), ("real", "double precision")
TEXTS = ("character varying", "text")
WRITTEN = ("numeric", "character", "time without time zone", "time with time zone")  # whose texts say all
MOMENTS = {
    "timestamp without time zone": (Kind.TIME, "datetime64[us]"),
    "timestamp with time zone": (Kind.INSTANT, "datetime64[us, UTC]"),
    "date": (Kind.DATE, "object"),
}
# docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html, r_SVV_TABLE_INFO.html
COLUMNS = """SELECT column_name, data_type, numeric_precision FROM svv_columns
WHERE table_schema = {schema} AND table_name = {table} ORDER BY ordinal_position"""
SIZE = 'SELECT size FROM svv_table_info WHERE "schema" = {schema} AND "table" = {table}'


@dataclass
class Statements(Paged):
    """The Data API as `sql.Session` wants it."""

    aws: Aws
    config: Redshift
    where: str
    dialect: Dialect = REDSHIFT
    clock: Clock = field(default_factory=Clock)
    lost: str = ""

    def tried(self, query: str) -> list[tuple[Any, ...]]:
        """A query's rows; none where it fails, which ends nothing."""
        try:
            return [row for rows in self._pages(self._run(query)) for row in rows]
        except InfrastructureError:
            return []

    def _run(self, query: str) -> str:
        told = self.aws.call(
            "redshift-data", "execute_statement", Sql=query, ClientToken=uuid4().hex, **self._place()
        )
        id, seconds = str(told["Id"]), self.config.statement_timeout
        ended = awaited(lambda: self._ended(id), seconds, lambda: self._stop(id), self.where, self.clock)
        if ended["Status"] != GOOD:
            why = one_line(ended.get("Error") or str(ended["Status"]).lower())
            if BEYOND.search(why):
                raise Uncomputable(f"cannot be computed: {why}", where=self.where)
            raise InfrastructureError(f"a query failed: {why}", where=self.where)
        return id

    def _place(self) -> dict[str, str]:
        config = self.config
        named = {
            "Database": config.database,
            "WorkgroupName": config.workgroup,
            "ClusterIdentifier": config.cluster,
            "DbUser": config.user,
            "SecretArn": config.secret,
        }
        return {name: value for name, value in named.items() if value}

    def _ended(self, id: str) -> dict[str, Any] | None:
        told = self.aws.call("redshift-data", "describe_statement", Id=id)
        return told if told["Status"] in ENDED else None

    def _stop(self, id: str) -> None:
        self.aws.call("redshift-data", "cancel_statement", Id=id)

    def _pages(self, id: str) -> Iterator[list[tuple[Any, ...]]]:
        more: dict[str, str] = {}
        while True:
            page = self.aws.call("redshift-data", "get_statement_result", Id=id, **more)
            kinds = [str(each.get("typeName", "")) for each in page["ColumnMetadata"]]
            yield [tuple(map(_value, record, kinds)) for record in page["Records"]]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}


def _value(said: Mapping[str, Any], kind: str) -> Any:
    """A field's value; decimals are told as texts."""
    from decimal import Decimal

    if said.get("isNull"):
        return None
    value = next(said[name] for name in FIELDS if name in said)
    return Decimal(value) if kind == "numeric" and isinstance(value, str) else value


@dataclass(frozen=True)
class RedshiftTable:
    """A table or a view; `where` is what lockgate.yml calls it."""

    statements: Statements
    schema: str
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
        texts = (name for name, (column, _) in self._read.items() if column.kind is Kind.TEXT)
        self.statements.dialect = replace(REDSHIFT, blank=frozenset(texts))
        return SqlTable(self.statements, self._relation)

    def frame(self) -> pd.DataFrame:
        from runner.sources.parsing import parsed_rows

        self._guard()
        self.limits.require_few(self.asked().count(), self.where)
        columns = [column for column, _ in self._read.values()]
        batches = self.statements.batches(f"SELECT * FROM {self._relation}")
        read = (parsed_rows(columns, rows, self.where) for rows in batches if rows)
        return framed(columns, read, self.where)

    def digest(self) -> str:
        """Of the columns with their types, and for each the sum of its values' 64-bit fingerprints."""
        self._guard()
        types = {str(name): str(type) for name, type, _ in self._described}
        each = (_fingerprint(column, types[name]) for name, (column, _) in self._read.items())
        sums = [f"sum(CAST({fingerprint} AS decimal(38, 0)))" for fingerprint in each]
        found = self.statements.select(f"SELECT count(*), {', '.join(sums)} FROM {self._relation}")[0]
        told = [self.schema, self.name, self._described, list(map(str, found))]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def size(self) -> int:
        """Bytes on its disks; of a view, 0."""
        return self._size or 0

    def declared(self) -> Mapping[str, str]:
        """Of a number, its digits are told and not where its point is."""
        return {
            str(name): f"{type}({digits})" if type == "numeric" else str(type)
            for name, type, digits in self._described
        }

    def facts(self) -> Mapping[str, Any]:
        return {}

    @cached_property
    def _size(self) -> int | None:
        """svv_table_info tells blocks of 1 MB; not of views, nor of empty tables, nor everybody."""
        found = self.statements.tried(SIZE.format(**self._names))
        return int(found[0][0]) * MEGABYTE if found else None

    @property
    def _names(self) -> dict[str, str]:
        return {"schema": _text(self.schema), "table": _text(self.name)}

    @cached_property
    def _described(self) -> list[tuple[Any, ...]]:
        found = self.statements.select(COLUMNS.format(**self._names))
        if not found:
            raise InfrastructureError("there is no such table, or no right to see it", where=self.where)
        return found

    @cached_property
    def _read(self) -> dict[str, tuple[Column, str]]:
        return {str(name): _column(str(name), str(type), digits) for name, type, digits in self._described}

    @property
    def _relation(self) -> str:
        chosen = ", ".join(f"{sql} AS {column.sql}" for column, sql in self._read.values())
        return f"(SELECT {chosen} FROM {quoted(self.schema)}.{quoted(self.name)}) AS t"

    def _guard(self) -> None:
        self.limits.require_small(self._size, self.where)


def _column(name: str, type: str, digits: Any) -> tuple[Column, str]:
    sql = quoted(name)
    if type in INTEGERS:
        return Column(name, Kind.INTEGER, "int64"), sql
    if type in FLOATS or (type == "numeric" and digits and int(digits) <= EXACT_DIGITS):
        return Column(name, Kind.FLOAT, "float64"), f"CAST({sql} AS double precision)"
    if type == "boolean":
        return Column(name, Kind.BOOLEAN, "bool"), sql
    if type in TEXTS:
        return Column(name, Kind.TEXT, "str"), f"collate({sql}, 'case_sensitive')"
    if type in MOMENTS:
        return Column(name, *MOMENTS[type]), sql
    return Column(name, Kind.OBJECT, "object"), sql


def _text(value: str) -> str:
    """A text in a statement: there a backslash is special, too."""
    return text(value).replace("\\", "\\\\")


def _fingerprint(column: Column, type: str) -> str:
    """Of a value's whole text: without a length, a cast would cut it after 256 bytes. A boolean has none; of
    types whose text nobody knows (SUPER, geometries), nulls alone are told apart."""
    said = f"CAST({column.sql} AS varchar(65535))"
    if column.kind is Kind.BOOLEAN:
        said = f"CASE WHEN {column.sql} THEN 't' WHEN NOT {column.sql} THEN 'f' END"
    if column.kind is Kind.OBJECT and type not in WRITTEN:
        return f"CASE WHEN {column.sql} IS NULL THEN 0 ELSE 1 END"
    return f"farmfingerprint64({said})"

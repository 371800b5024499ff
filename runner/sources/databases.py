"""`CONNECTION:TABLE` in lockgate.yml -> a table of a database. A connection serves all of its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from runner.config.data import Athena, Connection, Glue, PostgreSql, Redshift, TableSource
from runner.errors import InfrastructureError, UsageError
from runner.expect.columns import quoted
from runner.sources.cost import Limits
from runner.sources.source import Source
from runner.sources.sql import SqlTable

if TYPE_CHECKING:
    from runner.adapters.aws import Aws

NAMED = re.compile(r"(?P<connection>[^:/]+):(?P<table>(?!//).+)", re.DOTALL)
# A name, or names with dots between them; what is no letter, digit or underscore stands in quotes.
PART = r'(?:[^\W\d]\w*|"(?:[^"\x00]|"")+")'
TABLE = re.compile(rf"{PART}(?:\.{PART}){{0,2}}")


def no_aws() -> Aws:
    """For who has no AWS."""
    raise InfrastructureError("no AWS is at hand", where="connections")


@dataclass(frozen=True, slots=True)
class Name:
    """A source that names a connection: which, and the parts of the table's name."""

    source: str
    connection: str
    parts: tuple[str, ...]

    def within(self, database: str) -> tuple[str, str]:
        """A database and a table of it; raises UsageError for a name of three parts."""
        if len(self.parts) > 2:
            raise UsageError("it names no table: TABLE or DATABASE.TABLE", where=self.source)
        return (self.parts[0] if len(self.parts) == 2 else database), self.parts[-1]


class DatabaseTable(Source, Protocol):
    """A table that is asked by SQL."""

    def asked(self) -> SqlTable: ...

    def declared(self) -> Mapping[str, str]:
        """Each column's type, in the database's own words."""


@dataclass(frozen=True)
class Databases:
    """A stage's connections, and what they are opened with: the variables that they name, and AWS."""

    connections: Mapping[str, Connection] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    aws: Callable[[], Aws] = no_aws
    is_sandbox: bool = False
    opened: dict[str, Any] = field(default_factory=dict)

    def has(self, source: str) -> bool:
        """Whether a source names a connection; raises UsageError for one with a name that is none."""
        return self._named(source) is not None

    def table(self, source: str) -> DatabaseTable | None:
        """The table of a source that names a database; None for any other source.

        Raises UsageError for a name that is none, InfrastructureError where the database cannot be asked."""
        name = self._named(source)
        connection = self.connections[name.connection] if name else None
        if name is None or connection is None or isinstance(connection, Glue):
            return None
        if isinstance(connection, PostgreSql):
            return self._postgres(connection, name)
        if isinstance(connection, Redshift):
            return self._redshift(connection, name)
        return self._athena(connection, name)

    def located(self, config: TableSource) -> TableSource:
        """The same, but of a name of the Glue catalogue, where in S3 the table's files lie."""
        name = self._named(config.source)
        connection = self.connections[name.connection] if name else None
        if name is None or not isinstance(connection, Glue):
            return config
        from runner.sources.glue import place_of

        place = place_of(connection, self.aws(), *name.within(connection.database), config.source)
        return config.model_copy(update={"source": place})

    def close(self) -> None:
        """End every connection."""
        for session in self.opened.values():
            session.close()
        self.opened.clear()

    def _named(self, source: str) -> Name | None:
        named = NAMED.fullmatch(source)
        if named is None or named["connection"] not in self.connections:
            return None
        return Name(source, named["connection"], parts_of(named["table"], source))

    def _postgres(self, config: PostgreSql, name: Name) -> DatabaseTable:
        from runner.adapters.postgres import Postgres
        from runner.sources.credentials import url_of
        from runner.sources.postgres import PostgresTable

        if name.connection not in self.opened:
            url = url_of(config, name.connection, self.variables, self.aws)
            session = Postgres.open(url, name.connection, config.statement_timeout)
            self.opened[name.connection] = session
        limits = Limits(config.most_bytes, config.most_rows)
        table = ".".join(map(quoted, name.parts))
        return PostgresTable(self.opened[name.connection], table, name.source, limits)

    def _redshift(self, config: Redshift, name: Name) -> DatabaseTable:
        from runner.sources.redshift import SCHEMA, RedshiftTable, Statements

        schema, table = name.within(SCHEMA)
        limits = Limits(config.most_bytes, config.most_rows)
        return RedshiftTable(Statements(self.aws(), config, name.source), schema, table, name.source, limits)

    def _athena(self, config: Athena, name: Name) -> DatabaseTable:
        from runner.sources.athena import AthenaTable, Queries, dialect_of

        aws = self.aws()
        database, table = name.within(config.database)
        queries = Queries(aws, config, database, name.source, dialect_of(self.is_sandbox))
        return AthenaTable(queries, table, name.source, Limits(config.most_bytes, config.most_rows))


def parts_of(table: str, source: str) -> tuple[str, ...]:
    """The parts of a table's name, without their quotes. Raises UsageError for what is none."""
    if TABLE.fullmatch(table) is None:
        hint = 'CONNECTION:TABLE or CONNECTION:SCHEMA.TABLE; other characters in quotes: "odd name"'
        raise UsageError("it names no table", where=source, hint=hint)
    return tuple(
        part[1:-1].replace('""', '"') if part[0] == '"' else part for part in re.findall(PART, table)
    )

"""`CONNECTION:TABLE` in lockgate.yml -> a table of a database. A connection serves all of its tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.config.data import Connection, PostgreSql
from runner.errors import InfrastructureError, UsageError
from runner.expect.columns import quoted
from runner.sources.cost import Limits
from runner.sources.source import Source

NAMED = re.compile(r"(?P<connection>[^:/]+):(?P<table>(?!//).+)", re.DOTALL)
# A name, or names with dots between them; what is no letter, digit or underscore stands in quotes.
PART = r'(?:[^\W\d]\w*|"(?:[^"\x00]|"")+")'
TABLE = re.compile(rf"{PART}(?:\.{PART}){{0,2}}")


@dataclass(frozen=True)
class Databases:
    """A stage's connections, and what they are opened with: the variables that they name."""

    connections: Mapping[str, Connection] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)

    def table(self, source: str) -> Source | None:
        """The table of a source that names a connection; None for a source that does not.

        Raises UsageError for a name that is none, InfrastructureError where the database cannot be asked."""
        named = NAMED.fullmatch(source)
        if named is None or named["connection"] not in self.connections:
            return None
        parts = parts_of(named["table"], source)
        connection = self.connections[named["connection"]]
        if isinstance(connection, PostgreSql):
            return self._postgres(named["connection"], connection, parts, source)
        return None

    def close(self) -> None:
        """End every connection."""
        for session in self.opened.values():
            session.close()
        self.opened.clear()

    def _postgres(self, name: str, config: PostgreSql, parts: tuple[str, ...], source: str) -> Source:
        from runner.adapters.postgres import Postgres
        from runner.sources.postgres import PostgresTable

        if name not in self.opened:
            self.opened[name] = Postgres.open(self._url(config), name, config.statement_timeout)
        limits = Limits(config.most_bytes, config.most_rows)
        return PostgresTable(self.opened[name], ".".join(map(quoted, parts)), source, limits)

    def _url(self, config: PostgreSql) -> str:
        url = self.variables.get(config.url_from or "", "")
        if not url:
            raise InfrastructureError(f"the variable {config.url_from} is not set", where="connections")
        return url


def parts_of(table: str, source: str) -> tuple[str, ...]:
    """The parts of a table's name, without their quotes. Raises UsageError for what is none."""
    if TABLE.fullmatch(table) is None:
        hint = 'CONNECTION:TABLE or CONNECTION:SCHEMA.TABLE; other characters in quotes: "odd name"'
        raise UsageError("it names no table", where=source, hint=hint)
    return tuple(
        part[1:-1].replace('""', '"') if part[0] == '"' else part for part in re.findall(PART, table)
    )

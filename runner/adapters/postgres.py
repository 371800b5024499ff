"""PostgreSQL by psycopg, the only module that imports it: one connection, one read-only snapshot.

No message of it holds the URL or a part of it: where libpq cannot read one, it quotes what it stumbled over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from runner.errors import InfrastructureError, UsageError
from runner.text import one_line

SCHEMES = ("postgresql", "postgres")
CONNECT_SECONDS, LOCK_SECONDS = 10, 10
# A server that went away without a word is noticed after a minute, also while a query runs.
ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
# What answers may not depend on, whatever the server's or the user's configuration says.
SETTINGS = (
    "standard_conforming_strings = on",
    "timezone = 'UTC'",
    "extra_float_digits = 1",
    "bytea_output = 'hex'",
)
Values = list[tuple[Any, ...]]


class DataError(Exception):
    """A value is beyond the database's types; the connection can be asked on."""


@dataclass(slots=True)
class Postgres:
    """A connection within its transaction (REPEATABLE READ, READ ONLY: what others commit is not seen).

    `lost` says why it cannot be asked any more; every later question raises the same."""

    connection: Any
    where: str
    seconds: float
    lost: str = ""

    @classmethod
    def open(cls, url: str, where: str, seconds: float) -> Postgres:
        """Connect; a query is stopped after `seconds`. Raises UsageError for what is no URL of PostgreSQL,
        InfrastructureError where the server does not take it."""
        import psycopg

        require_url(url, where)
        try:
            connection = psycopg.connect(
                url, application_name="lockgate", connect_timeout=CONNECT_SECONDS, client_encoding="UTF8",
                **ALIVE,  # type: ignore[arg-type]
            )  # fmt: skip
        except psycopg.Error as error:
            raise InfrastructureError(f"no connection: {_told(error)}", where=where) from None
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = cls(connection, where, seconds)
        try:
            found._begin()
        except BaseException:
            found.close()
            raise
        return found

    def _begin(self) -> None:
        """From now on, a transaction stands."""
        self._guarded(lambda: list(self.connection.execute("SELECT 1").fetchall()))
        milliseconds = max(int(self.seconds * 1000), 1)  # 0 would be no limit
        limits = (f"statement_timeout = {milliseconds}", f"lock_timeout = {LOCK_SECONDS * 1000}")
        for setting in (*SETTINGS, *limits):
            self.select(f"SET LOCAL {setting}")

    def select(self, query: str, values: Sequence[Any] | None = None) -> Values:
        """A query's rows. Raises DataError, or InfrastructureError with the server's cause."""

        def ask() -> Values:
            with self.connection.transaction():  # a savepoint: what fails in it ends no more than itself
                cursor = self.connection.execute(query, values)
                return [] if cursor.description is None else list(cursor.fetchall())

        return self._guarded(ask)

    def batches(self, query: str, size: int) -> Iterator[Values]:
        """A query's rows, so many at a time, by a cursor of the server's. Raises as `select` does."""
        with suppress(DataError):
            cursor = self.connection.cursor(name="lockgate")
            self._guarded(lambda: [(cursor.execute(query),)])
            while rows := self._guarded(lambda: list(cursor.fetchmany(size))):
                yield rows
            cursor.close()
            return
        self.lost = "a value is beyond what Python holds"
        raise InfrastructureError(self.lost, where=self.where)

    @property
    def encoding(self) -> str:
        """How the server stores texts."""
        return str(self.connection.info.parameter_status("server_encoding"))

    def close(self) -> None:
        """End the transaction, in which nothing was changed, and the connection."""
        self.connection.close()

    def _guarded(self, ask: Callable[[], Values]) -> Values:
        import psycopg

        if self.lost:
            raise InfrastructureError(self.lost, where=self.where)
        try:
            return ask()
        except psycopg.DataError as error:
            raise DataError(_told(error)) from None
        except psycopg.Error as error:
            self.lost = self._cause(error)
            raise InfrastructureError(self.lost, where=self.where) from None

    def _cause(self, error: Any) -> str:
        if error.sqlstate == "57014":
            return (
                f"a query was stopped by the server: {_told(error)} (statement_timeout: {self.seconds:g} s)"
            )
        if self.connection.closed:
            return f"the connection was lost: {_told(error)}"
        return f"cannot be read: {_told(error)}"


def require_url(url: str, where: str) -> None:
    """Raises UsageError for what is no URL of PostgreSQL. One that is read in two ways is none: of a password
    that is not percent-encoded, a part would be shown as the name of a host."""
    if not _is_url(url):
        hint = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in them percent-encoded"
        raise UsageError("it holds no URL of a PostgreSQL", where=where, hint=hint)


def _is_url(url: str) -> bool:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        told, split = conninfo_to_dict(url), urlsplit(url)
        ports = str(told.get("port", "")).split(",")
    except (ProgrammingError, ValueError):
        return False
    plain = url.count("@") <= 1 and all(port.isdecimal() or not port for port in ports)
    return split.scheme in SCHEMES and plain and not split.fragment


def _told(error: Any) -> str:
    """The server's words, without the query that it quotes."""
    primary = error.diag.message_primary if error.diag is not None else None
    return one_line(primary or str(error).split("\n")[0] or type(error).__name__)

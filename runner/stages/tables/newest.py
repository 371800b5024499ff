"""The newest value of a column of times, in UTC, whatever holds them.

A time without a zone is taken as UTC, a date as its beginning in UTC. Texts are ISO 8601
(`2013-01-31`, `2013-01-31T05:00`, with or without seconds, fractions and a zone), all of them or none is
believed. Numbers are times only where lockgate.yml says since 1970 in which unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runner.config.data import Freshness
from runner.errors import InfrastructureError
from runner.expect.asks import Asked, Scalar
from runner.expect.columns import MOMENTS, NUMBERS, Column, Kind
from runner.expect.literals import Uncompiled, text
from runner.sources.in_memory import in_memory
from runner.sources.source import Source

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
ZONE = r"(Z|[+-]\d{2}(:?\d{2})?)"
ISO = rf"\d{{4}}-\d{{2}}-\d{{2}}([T ]{CLOCK}{ZONE}?)?"
ZONED = rf".{{10}}[T ]{CLOCK}{ZONE}"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value, with its zone; `is_date`: it is the beginning of a day of an unknown zone."""

    at: datetime
    is_date: bool = False


def newest(source: Source, rule: Freshness) -> Newest:
    """The newest value of the rule's column, which the table has. Raises InfrastructureError where there is
    none, or the column holds no times."""
    columns, asked = _at_hand(source, rule.column)
    column = columns[rule.column]
    if column.kind is Kind.TEXT:
        return _of_texts(asked, column)
    if column.kind in NUMBERS:
        return _of_numbers(asked, column, rule.epoch)
    if rule.epoch is not None:
        raise InfrastructureError(f"{column.name!r} holds no numbers, and `epoch` says what numbers mean")
    return _of_times(asked, column)


def _at_hand(source: Source, name: str) -> tuple[Mapping[str, Column], Asked]:
    """Where the table lies, or its column in memory where nothing can be asked there."""
    columns = source.columns()
    if isinstance(columns, Uncompiled):
        return in_memory(source.frame(), (name,))
    return columns, source.asked()


def _of_times(asked: Asked, column: Column) -> Newest:
    """Times of other zones than UTC are of no kind that expectations know."""
    if column.kind not in (*MOMENTS, Kind.OTHER):
        raise InfrastructureError(f"{column.name!r} is of kind {column.kind}: it holds no times")
    latest = f"max({column.sql})"
    zoned = f"CAST({latest} AT TIME ZONE 'UTC' AS VARCHAR)"
    told = _told(asked, Scalar(zoned if column.kind is Kind.OTHER else column.read(latest)), column)
    return Newest(_parsed(str(told), column), column.kind is Kind.DATE)


def _of_texts(asked: Asked, column: Column) -> Newest:
    """The greatest text is not the newest time where zones or forms differ, so each is read."""
    value, iso, zoned = column.sql, _matches(column.sql, ISO), _matches(column.sql, ZONED)
    time = (
        f"CASE WHEN {zoned} THEN TRY_CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
        f" ELSE TRY_CAST({value} AS TIMESTAMP) END"
    )
    odd = Scalar("count(*)", f"NOT {column.missing} AND (NOT {iso} OR {time} IS NULL)")
    latest, days = Scalar(f"CAST(max({time}) AS VARCHAR)"), Scalar(f"max(length({value}))")
    found = asked.answer((odd, latest, days))
    if _told(asked, odd, column, found):
        raise InfrastructureError(f"{found[odd]:,} values of {column.name!r} are no ISO times")
    told = _told(asked, latest, column, found)
    return Newest(_parsed(str(told), column), found.get(days) == len("2013-01-31"))


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {text(pattern)})"


def _of_numbers(asked: Asked, column: Column, epoch: str | None) -> Newest:
    if epoch is None:
        told = f"{column.name!r} holds numbers, which are no times without `epoch` (s, ms, us, ns since 1970)"
        raise InfrastructureError(told)
    value = _told(asked, Scalar(f"max({column.sql})", f"NOT {column.missing}"), column)
    try:
        return Newest(BEGINNING + timedelta(microseconds=int(value * 1_000_000 // PER_SECOND[epoch])))
    except (OverflowError, ValueError):
        raise _no_time(column) from None


def _told(asked: Asked, ask: Scalar, column: Column, found: Mapping[Any, Any] | None = None) -> Any:
    """The answer to an ask. Raises InfrastructureError where there is none, or it is of no value."""
    found = asked.answer((ask,)) if found is None else found
    if ask not in found:
        raise InfrastructureError(f"the newest value of {column.name!r} cannot be computed there")
    if found[ask] is None:
        raise InfrastructureError(f"{column.name!r} has no value, so nothing shows how old the table is")
    return found[ask]


def _parsed(told: str, column: Column) -> datetime:
    try:
        return datetime.fromisoformat(told).replace(tzinfo=UTC)
    except ValueError:
        raise _no_time(column) from None


def _no_time(column: Column) -> InfrastructureError:
    """The value is not told: the column may be a sensitive one."""
    return InfrastructureError(f"the newest value of {column.name!r} is no time between the years 1 and 9999")

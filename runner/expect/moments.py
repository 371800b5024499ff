"""Times and dates as the texts that Great Expectations shows; texts of one column are in the moments' order.

ISO 8601, of a time with its fraction only where there is one, of 6 digits or, in nanoseconds, 9, as pandas
writes it. A suite's text is read as pydantic reads it: a date, or a date and a time with its zone or none.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from runner.expect.columns import Column, Kind
from runner.expect.literals import Uncompiled

DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?")
TOLD = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")
NANOSECONDS = (1678, 2261)  # the years that fit in whole


def iso(fetched: str, column: Column) -> str:
    """What a database's text of a moment is to Great Expectations; raises Uncompiled beyond four digits of a
    year."""
    if column.kind is Kind.DATE and DATE.fullmatch(fetched):
        return fetched
    found = TIME.fullmatch(fetched)
    if found is None or column.kind is Kind.DATE:
        raise Uncompiled("a moment beyond four digits of a year")
    digits = (found[3] or "").rstrip("0")
    fraction = f".{digits.ljust(6 if len(digits) <= 6 else 9, '0')}" if digits else ""
    return f"{found[1]}T{found[2]}{fraction}{'+00:00' if column.kind is Kind.INSTANT else ''}"


def moment(value: Any, column: Column) -> str:
    """A suite's text as `iso` has it; raises Uncompiled where Great Expectations could not compare them."""
    try:
        if column.kind is Kind.DATE and DATE.fullmatch(value):
            return dt.date.fromisoformat(value).isoformat()
        if column.kind is not Kind.DATE and TOLD.fullmatch(value):
            return _time(dt.datetime.fromisoformat(value), column)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Uncompiled(f"a bound that is no {column.kind}")


def _time(told: dt.datetime, column: Column) -> str:
    low, high = NANOSECONDS if column.dtype == "datetime64[ns]" else (2, 9998)
    if (told.tzinfo is None) != (column.kind is Kind.TIME) or not low <= told.year <= high:
        raise ValueError("a time with a zone beside one without, or out of range")
    return (told if told.tzinfo is None else told.astimezone(dt.UTC)).isoformat()


def written(said: str, column: Column) -> str:
    """A moment as `moment` has it, in SQL."""
    word = {Kind.TIME: "TIMESTAMP", Kind.INSTANT: "TIMESTAMPTZ", Kind.DATE: "DATE"}[column.kind]
    return f"{word} '{said.replace('T', ' ')}'"

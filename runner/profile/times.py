"""Ranges of times and dates, in whole days. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from runner.profile.chance import Chance
from runner.profile.seen import Proposal, SeenColumn

DAY = 86_400 * 1_000_000
YEAR = 366 * DAY
SLACK, MOST = 0.1, 0.5  # of the span, backward
EPOCH = dt.datetime(1970, 1, 1)
ENDS = {"time": "T00:00:00", "instant": "T00:00:00+00:00", "date": ""}


def times_of(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    """Back by a tenth of the span, or up to half of it where the tail is long; forward by the whole of it and
    at least a year: tables go on."""
    first, last = int(column.lowest[0]), int(column.highest[0])
    span = last - first
    reach = chance.reach([-value for value in column.lowest], -column.highest[0])
    back = min(max(reach, SLACK * span), MOST * span)
    low, high = _day(column, (first - int(back)) // DAY), _day(column, -(-(last + max(span, YEAR)) // DAY))
    if low and high:
        seen = f"from {_day(column, first // DAY)[:10]} to {_day(column, last // DAY)[:10]}"
        why = f"{seen} in {column.present:,} rows; later ones may come, by a year or by as long again"
        kwargs = {"column": column.name, "min_value": low, "max_value": high}
        yield Proposal("expect_column_values_to_be_between", kwargs, why)


def _day(column: SeenColumn, days: int) -> str:
    """A day as Great Expectations reads it; '' beyond its calendar."""
    try:
        return f"{(EPOCH + dt.timedelta(days=days)).date().isoformat()}{ENDS[column.column.kind.value]}"
    except OverflowError:
        return ""

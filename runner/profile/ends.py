"""Where a column's values end: at a scale's end, or beyond what was seen by what a tail may hold. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist, median

from runner.expect.columns import Kind
from runner.profile.chance import OFTEN, Chance
from runner.profile.readable import above
from runner.profile.seen import SeenColumn

SLACK = 0.1  # of the range, at either end that is open
SEEN = 3  # times that an end of a scale is seen, and how much rarer than usual it may be
EVIDENCE = 7.0  # rows that would be beyond an end, were a column normal: that none is is no accident
SHARES = (1.0, 100.0)  # where shares and percents end


def ends(column: SeenColumn, chance: Chance, *, whole: bool) -> tuple[float | None, float | None]:
    """The least and the greatest value that are expected; None where there is no telling."""
    least = _greatest(mirrored(column), chance, whole=whole)
    return (None if least is None else -least or 0), _greatest(column, chance, whole=whole)


def mirrored(column: SeenColumn) -> SeenColumn:
    """The column of the negated values."""
    told = column.moments
    return replace(
        column,
        lowest=tuple(-value for value in column.highest),
        highest=tuple(-value for value in column.lowest),
        moments=replace(told, mean=-told.mean) if told else None,
        values=tuple((_negated(value), count) for value, count in column.values or ()),
    )


def _negated(value: object) -> object:
    return -value if isinstance(value, int | float) else value


def _greatest(column: SeenColumn, chance: Chance, *, whole: bool) -> float | None:
    """With slack, rounded up, but not beyond where values of its kind end."""
    top, span = column.highest[0], column.highest[0] - column.lowest[0]
    if is_scale(column) or _is_frequent(column):
        return top
    centre = column.moments.mean if column.moments else top - span / 2
    reach = chance.reach(column.highest, centre)
    most = top + max(reach, SLACK * span, 0.0 if span else SLACK * abs(top))
    for end in (0.0, *(SHARES if column.lowest[0] >= 0 else ())):
        if top <= end < most and (top + reach <= end or _is_end(column, end)):
            return int(end)
    return above(most, span, whole=whole) if math.isfinite(most) else None


def _is_frequent(column: SeenColumn) -> bool:
    """Whether the greatest value is an end because so many rows have it. Of lengths that differ, some are
    frequent and longer ones rare."""
    if column.column.kind is Kind.TEXT and column.lowest[0] != column.highest[0]:
        return False
    return sum(1 for value in column.highest if value == column.highest[0]) >= OFTEN


def _is_end(column: SeenColumn, end: float) -> bool:
    """Whether so many values would lie above it, were they normal, that none being there is no accident.
    Texts have no lengths below 0."""
    told = column.moments
    if column.column.kind is Kind.TEXT:
        return end == 0
    if told is None or not 0 < told.deviation < math.inf:
        return False
    return column.present * NormalDist().cdf((told.mean - end) / told.deviation) >= EVIDENCE


def is_scale(column: SeenColumn) -> bool:
    """Whether whole numbers are all of those between two ends, which are not much rarer than others: hours
    of a day, not the tails of a count."""
    counts = dict(column.values or ())
    at_ends = [counts.get(value, 0) for value in (column.lowest[0], column.highest[0])]
    if column.column.kind is not Kind.INTEGER or len(counts) < column.highest[0] - column.lowest[0] + 1:
        return False
    return min(at_ends) >= max(SEEN, median(counts.values()) / SEEN)

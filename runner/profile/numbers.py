"""Ranges, means and deviations of columns of numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runner.expect.columns import Kind
from runner.profile.chance import Chance
from runner.profile.ends import ends
from runner.profile.readable import above, below
from runner.profile.seen import Proposal, SeenColumn

SHIFT = 0.5  # standard deviations that a mean may move
STEADY = 0.3  # relative error of a standard deviation up to which half and twice of it say something
LEAST = 100  # rows for a mean


def range_of(column: SeenColumn, chance: Chance, *, is_key: bool) -> Iterator[Proposal]:
    """From the least to the greatest value, with slack but at the ends of a scale. Numbers that tell rows
    apart go on: of those only the sign is kept."""
    low, high = column.lowest[0], column.highest[0]
    if is_key:
        yield from [_between(column, 0, None, "it tells rows apart, and is not negative")] if low >= 0 else []
        return
    if not (math.isfinite(low) and math.isfinite(high)):
        return
    least, most = ends(column, chance, whole=column.column.kind is Kind.INTEGER)
    if least is None and most is None:
        return
    yield _between(
        column,
        least,
        most,
        f"from {low:,.10g} to {high:,.10g} in {column.present:,} rows{_said(low, high, least, most)}",
    )


def _said(low: float, high: float, least: float | None, most: float | None) -> str:
    open_ends = [end for end, is_open in (("below", least != low), ("above", most != high)) if is_open]
    if not open_ends:
        return "; the ends of a scale"
    return f"; with slack {' and '.join(open_ends)} for what a fresh sample may have"


def _between(column: SeenColumn, low: float | None, high: float | None, why: str) -> Proposal:
    bounds = {"min_value": low, "max_value": high}
    kwargs = {"column": column.name, **{name: bound for name, bound in bounds.items() if bound is not None}}
    return Proposal("expect_column_values_to_be_between", kwargs, why)


def moments_of(column: SeenColumn, chance: Chance) -> Iterator[Proposal]:
    """The mean within half a standard deviation, and that within half and twice of it: what other units, or
    another column's values, would break."""
    told = column.moments
    if told is None or column.present < LEAST or not 0 < told.deviation < math.inf:
        return
    fresh = chance.fresh * column.present / column.rows
    error = chance.deviations * math.sqrt(1 / column.present + 1 / max(fresh, 1.0))
    room = max(SHIFT, error) * told.deviation
    low, high = below(told.mean - room, room, whole=False), above(told.mean + room, room, whole=False)
    why = f"mean {told.mean:,.6g}, standard deviation {told.deviation:,.6g}"
    if math.isfinite(low) and math.isfinite(high):
        kwargs = {"column": column.name, "min_value": low, "max_value": high}
        said = f"{why}; {max(SHIFT, error):.2g} of it to either side"
        yield Proposal("expect_column_mean_to_be_between", kwargs, said)
    if error * math.sqrt(max(told.kurtosis + 2, 0.0)) / 2 <= STEADY:
        kwargs = {"column": column.name, "min_value": below(told.deviation / 2, told.deviation, whole=False),
                  "max_value": above(told.deviation * 2, told.deviation, whole=False)}  # fmt: skip
        yield Proposal(
            "expect_column_stdev_to_be_between", kwargs, f"{why}; half to twice of it: the unit's size"
        )

"""An interval against its bounds, as a check: within is PASSED, outside FAILED, across ERROR.

A value alone passes or fails by chance where it lies near its bound. Here each of the two wrong answers comes
about with a chance of at most alpha, and rows that do not tell are missing evidence."""

from __future__ import annotations

from collections.abc import Callable

from runner.judge.bounds import number
from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute
from runner.model import Check, Status

INFINITE = float("inf")


def shown(found: Interval) -> str:
    """'0.93 [0.9, 0.96]'."""
    return f"{number(found.value)} [{number(found.low)}, {number(found.high)}]"


def within(
    id: str, what: str, compute: Callable[[], Interval], *,
    low: float = -INFINITE, high: float = INFINITE, rows: int, details: str = "",
) -> Check:  # fmt: skip
    """PASSED where the whole interval is within low and high, FAILED where it is beyond one of them, else
    ERROR, as it is where compute raises CannotCompute."""
    limit = _limit(low, high)
    try:
        found = compute()
    except CannotCompute as error:
        return Check(id, Status.ERROR, cause=f"{what} cannot be computed: {error}", limit=limit)
    measured, on = shown(found), f"on {rows:,} rows"
    if low <= found.low and found.high <= high:
        return Check(id, Status.PASSED, measured=measured, limit=limit, details=details)
    if found.high < low or found.low > high:
        cause = f"{what} {measured} is not {limit} {on}"
        return Check(id, Status.FAILED, cause=cause, measured=measured, limit=limit, details=details)
    cause = f"{what} {measured} may or may not be {limit}: {rows:,} rows do not tell"
    return Check(id, Status.ERROR, cause=cause, measured=measured, limit=limit, details=details)


def _limit(low: float, high: float) -> str:
    if low == -INFINITE:
        return f"<= {number(high)}"
    return f">= {number(low)}" if high == INFINITE else f"{number(low)} to {number(high)}"

"""A value against its bounds, as a check. NaN meets no bound, and no value is an ERROR."""

from __future__ import annotations

from collections.abc import Callable

from runner.judge.predictions import CannotCompute
from runner.model import Check, Status


def bounded(
    id: str,
    what: str,
    compute: Callable[[], float],
    *,
    low: float | None = None,
    high: float | None = None,
    rows: int | None = None,
    unit: str = "",
    details: str = "",
) -> Check:
    """PASSED where low <= value <= high, FAILED where not, ERROR where compute raises CannotCompute."""
    limit = _limit(low, high, unit)
    try:
        value = compute()
    except CannotCompute as error:
        return Check(id, Status.ERROR, cause=f"{what} cannot be computed: {error}", limit=limit)
    cause = _breach(what, value, low, high, unit)
    if not cause:
        return Check(id, Status.PASSED, measured=number(value, unit), limit=limit, details=details)
    on = "" if rows is None else f" on {rows:,} rows"
    measured = number(value, unit)
    return Check(id, Status.FAILED, cause=cause + on, measured=measured, limit=limit, details=details)


def number(value: float, unit: str = "") -> str:
    """Four significant digits and the unit."""
    return f"{value:.4g}{unit and ' ' + unit}"


def _breach(what: str, value: float, low: float | None, high: float | None, unit: str) -> str:
    if low is not None and not value >= low:
        return f"{what} {_apart(value, low)} < {number(low, unit)} (min)"
    if high is not None and not value <= high:
        return f"{what} {_apart(value, high)} > {number(high, unit)} (max)"
    return ""


def _apart(value: float, bound: float) -> str:
    """The value with as many digits as tell it from its bound."""
    short = number(value)
    return short if short != number(bound) else repr(value)


def _limit(low: float | None, high: float | None, unit: str) -> str:
    parts = [
        f">= {number(low, unit)}" if low is not None else "",
        f"<= {number(high, unit)}" if high is not None else "",
    ]
    return " and ".join(part for part in parts if part)

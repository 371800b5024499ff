"""Whether a table's newest row is recent: its time is at most so long ago, and not in the future."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.config.data import TableSource
from runner.model import Check, Status
from runner.stages.tables.further import Findings, Seen
from runner.stages.tables.newest import Newest, newest

# How far two clocks that are kept may be apart: what AWS' signatures and Kerberos allow, too.
SKEW = timedelta(minutes=5)
# A date has begun up to so long before it does in UTC: the earliest zone is 14 hours ahead.
AHEAD = timedelta(hours=14)
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """One check, `TABLE/freshness`."""
    return (f"{name}/freshness",)


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


def judge(seen: Seen, now: Callable[[], datetime] = utc_now) -> Findings:
    """FAILED where the newest row is older than `within`, is in the future, or there is no such column.
    Raises InfrastructureError where no newest row can be told."""
    rule, id, source = seen.config.freshness, f"{seen.name}/freshness", seen.config.source
    assert rule is not None  # noqa: S101  it is why this was called
    within = timedelta(seconds=rule.within)
    limit = f"{rule.column} at most {_span(within)} ago"
    if rule.column not in seen.answered.columns:
        cause, measured = f"the table has no column {rule.column!r}", "no such column"
        return Findings((Check(id, Status.FAILED, source, cause=cause, measured=measured, limit=limit),))
    found = newest(seen.source, rule)
    age = now() - found.at
    shown = _shown(found, age, hidden=rule.column in seen.config.sensitive)
    cause = _cause(found, age, within)
    status = Status.FAILED if cause else Status.PASSED
    return Findings(
        (Check(id, status, source, cause=cause and f"{shown}: {cause}", measured=shown, limit=limit),)
    )


def _cause(found: Newest, age: timedelta, within: timedelta) -> str:
    """What is wrong with the newest row, '' for nothing."""
    if -age > (AHEAD if found.is_date else SKEW):
        return "in the future: the data or this machine's clock is wrong"
    return f"older than {_span(within)}" if age > within else ""


def _shown(found: Newest, age: timedelta, *, hidden: bool) -> str:
    if hidden:
        return "the newest row (its column is sensitive)"
    at = found.at.date().isoformat() if found.is_date else found.at.isoformat(timespec="seconds")
    told = f"{_span(age)} ago" if age >= timedelta(0) else f"{_span(-age)} ahead"
    return f"newest row {at}, {told}"


def _span(length: timedelta) -> str:
    """A length of time in the largest unit of which there is one."""
    seconds = length.total_seconds()
    size, unit = next(((s, u) for s, u in UNITS if seconds >= s), UNITS[-1])
    number = f"{seconds / size:,.1f}".removesuffix(".0")
    return f"{number} {unit}" + ("s" if number != "1" else "")

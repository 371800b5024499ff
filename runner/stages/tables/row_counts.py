"""Whether a table has as many rows as it should have for another's, as a ratio between bounds."""

from __future__ import annotations

from runner.config.data import RowCounts
from runner.model import Check, Status
from runner.stages.tables.between import Between


def judge(id: str, rule: RowCounts, between: Between) -> Check:
    """FAILED for a ratio outside its bounds. ERROR where the other table has no rows, since there is no
    ratio, and where this one has none and no bound forbids it: tables that nobody filled show nothing."""
    table, other = between.seen(rule.table), between.seen(rule.other)
    rows, others, source = table.answered.rows, other.answered.rows, table.config.source
    limit = " and ".join(filter(None, (_bound("at least", rule.least), _bound("at most", rule.most))))
    limit = f"{limit} times the rows of {rule.other}"
    if not others:
        cause = f"{rule.other} has no rows, so there is no ratio"
        return Check(id, Status.ERROR, source, cause=cause, measured=f"{rows:,} of 0 rows", limit=limit)
    measured = f"{rows:,} rows, {rows / others:.6g} times the {others:,} of {rule.other}"
    if (rule.least is not None and rows < rule.least * others) or (
        rule.most is not None and rows > rule.most * others
    ):
        cause = f"{measured}; expected: {limit}"
        return Check(id, Status.FAILED, source, cause=cause, measured=measured, limit=limit)
    if not rows:
        cause = f"{rule.table} has no rows, so it shows nothing"
        return Check(id, Status.ERROR, source, cause=cause, measured=measured, limit=limit)
    return Check(id, Status.PASSED, source, measured=measured, limit=limit)


def _bound(word: str, value: float | None) -> str:
    return "" if value is None else f"{word} {value:.6g}"

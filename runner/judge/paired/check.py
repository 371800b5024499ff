"""A paired comparison as a check: what passes is the policy's word, what cannot be told is ERROR."""

from __future__ import annotations

from typing import Any

from runner.judge.criteria import Compare
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.units import groups_by
from runner.judge.paired.verdict import LEAST, Standing, too_few
from runner.judge.predictions import CannotCompute, Predictions
from runner.model import Check, Status


def paired(
    rule: Compare, candidate: Predictions, champion: Predictions, frame: Any
) -> Paired | CannotCompute:
    """The comparison that a rule asks for, or why there is none."""
    try:
        groups = groups_by(rule.group, frame)
        return compare(
            rule.metric, candidate, champion, alpha=rule.alpha, options=rule.options, groups=groups
        )
    except CannotCompute as error:
        return error


def compared(id: str, rule: Compare, found: Paired | CannotCompute) -> Check:
    """PASSED where the verdict is one that the rule accepts, FAILED where it is another one, ERROR where the
    rows do not tell: missing evidence is never a pass."""
    limit = limit_of(rule)
    if isinstance(found, CannotCompute):
        return Check(id, Status.ERROR, cause=f"{rule.label} cannot be compared: {found}", limit=limit)
    status, verdict = Status.FAILED, found.standing(rule.margin)
    if verdict in rule.accept:
        status = Status.PASSED
    elif verdict is Standing.INCONCLUSIVE:
        status = Status.ERROR
    words = found.words(rule.margin)
    cause = "" if status is Status.PASSED else f"{words}. {_power(found, rule.margin)}"
    return Check(id, status, cause=cause, measured=words, limit=limit, details=_power(found, rule.margin))


def limit_of(rule: Compare) -> str:
    """What passes, in words."""
    return f"{' or '.join(rule.accept)} within {rule.margin:g}"


def _power(found: Paired, margin: float) -> str:
    """What these rows can tell, and how many would tell a loss of the margin."""
    if found.carrying < LEAST:
        return f"{too_few(found.carrying)}."
    rows = found.needed(margin)
    if rows is None:
        return f"No number of rows can be named that tells a loss of {margin:g}."
    return f"To tell a loss of {margin:g} you need about {rows:,} rows (power 0.8)."

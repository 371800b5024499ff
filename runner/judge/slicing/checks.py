"""Judged slices as checks: one a slice, then the rule's own.

A slice fails on evidence, adjusted for how many are judged, that it is on the wrong side; bounds without
`adjust` compare the value alone. That every slice be shown to be no worse is not asked: with 40 slices of a
few rows, no model would pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist, median

from runner.judge.bounds import bounded, number
from runner.judge.criteria_slices import SliceRule
from runner.judge.paired.interval import bounds
from runner.judge.slicing.adjust import adjusted
from runner.judge.slicing.judging import Judged, Seen
from runner.judge.slicing.slices import Slices
from runner.model import Check, Status

POWER = 0.8


def checks(slices: Slices, judged: list[Judged]) -> Iterator[Check]:
    """In the order of `slices.ids()`."""
    rule, ids = slices.rule, slices.ids()
    yield from _each(rule, ids, judged)
    yield _whole(slices, judged)


def _each(rule: SliceRule, ids: tuple[str, ...], judged: list[Judged]) -> Iterator[Check]:
    for id, slice, p in zip(ids, judged, adjusted_p(rule, judged), strict=False):
        if slice.small:
            cause = f"{slice.rows:,} rows, fewer than min_rows {rule.min_rows:,}"
            yield Check(id, Status.SKIPPED, cause=cause, measured=f"{slice.rows:,} rows")
        elif rule.adjustment is None and not slice.seen.fault:
            yield _compared(rule, id, slice)
        else:
            yield _tested(rule, id, slice, p)


def adjusted_p(rule: SliceRule, judged: list[Judged]) -> list[float]:
    """Each slice's p value among the rule's family: all slices but those with fewer rows than min_rows. One
    that has no evidence has a p value of 1 and still counts, so that how strict a rule is does not depend on
    what the models said."""
    family = [slice.seen.p for slice in judged if not slice.small]
    found = iter(adjusted(family, rule.adjustment or "none"))
    return [1.0 if slice.small else float(next(found)) for slice in judged]


def _compared(rule: SliceRule, id: str, slice: Judged) -> Check:
    """The value alone against the bounds."""
    what, value = f"{rule.label} of {slice.label}", slice.seen.value
    return bounded(id, what, lambda: value, low=rule.min, high=rule.max, rows=slice.rows)


def _tested(rule: SliceRule, id: str, slice: Judged, p: float) -> Check:
    seen, limit = slice.seen, _limit(rule)
    if seen.fault:
        cause = f"{rule.label} of {slice.label} cannot be judged: {seen.fault}"
        return Check(id, Status.ERROR, cause=cause, limit=limit)
    if seen.few:
        return Check(id, Status.SKIPPED, cause=seen.few, measured=seen.words, limit=limit)
    if p > rule.alpha:
        return Check(id, Status.PASSED, measured=seen.words, limit=limit)
    cause = f"{rule.label} of {slice.label} {seen.words}: {_wrong(rule)} (p {p:.2g}, {rule.adjustment})"
    return Check(id, Status.FAILED, cause=cause, measured=seen.words, limit=limit)


def _wrong(rule: SliceRule) -> str:
    return f"a loss above {number(rule.margin)}" if rule.margin is not None else f"not {_span(rule)}"


def _span(rule: SliceRule) -> str:
    sides = ((">=", rule.min), ("<=", rule.max))
    return " and ".join(f"{sign} {number(bound)}" for sign, bound in sides if bound is not None)


def _limit(rule: SliceRule) -> str:
    side = _span(rule) if rule.margin is None else f"loss <= {number(rule.margin)}"
    return side if rule.adjustment is None else f"{side} (alpha {number(rule.alpha)}, {rule.adjustment})"


def _whole(slices: Slices, judged: list[Judged]) -> Check:
    """How many slices were judged, and what could have been told in them; ERROR where none was."""
    rule = slices.rule
    family = [slice for slice in judged if not slice.small]
    known = [s for s in family if not (s.seen.fault or (rule.adjustment and s.seen.few))]
    measured = f"{len(known)} of {len(judged)} slices judged"
    if rule.margin is not None and known:
        measured += f", half of them tell a loss of {_told(rule, known, len(family)):.3g} (power {POWER})"
    fault = slices.fault or ("" if known else _none(family))
    status = Status.ERROR if fault else Status.PASSED
    return Check(rule.id, status, cause=fault, measured=measured, limit="at least 1 slice judged")


def _none(family: list[Judged]) -> str:
    if not family:
        return "every slice has fewer than min_rows rows"
    return f"no slice has rows that are evidence: {family[0].seen.few or family[0].seen.fault}"


def _told(rule: SliceRule, known: list[Judged], family: int) -> float:
    return median(told_loss(rule, slice.seen, family) for slice in known)


def told_loss(rule: SliceRule, seen: Seen, family: int) -> float:
    """The true loss of one slice that is found with a power of 0.8 among so many that lose less than the
    margin: by Holm and by BH it then has to stand out by itself."""
    z = NormalDist()
    level = rule.alpha if rule.adjustment == "none" else rule.alpha / family
    reach = bounds(0.0, seen.spread, level).high if seen.spread else z.inv_cdf(1 - level) * seen.se
    return (rule.margin or 0.0) + reach + z.inv_cdf(POWER) * seen.se

"""What each slice shows: its value, or its difference against the champion, with interval and p value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from runner.judge.bounds import number
from runner.judge.criteria_slices import SliceRule
from runner.judge.measures.segments import Segments
from runner.judge.metrics import METRICS, measured
from runner.judge.paired.compare import Paired, compare_slices
from runner.judge.paired.evidence import p_below, p_loses
from runner.judge.paired.interval import Spread, bounds, from_powers
from runner.judge.paired.units import clusters_of, groups_by, units_of
from runner.judge.paired.verdict import LEAST, Interval, too_few, words_of
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.slicing.slices import Slices


@dataclass(frozen=True, slots=True)
class Seen:
    """One slice: its `value` in the metric's unit (against the champion the difference, higher is better),
    the two-sided `interval` of 1 - 2 alpha by itself, its standard error, and `p` of the evidence that it is
    on the wrong side. `spread` is what interval and p rest on, None of accuracies, whose rows are counted.
    `fault`: why nothing can be computed; `few`: why its rows are no evidence."""

    value: float = float("nan")
    interval: Interval | None = None
    se: float = 0.0
    spread: Spread | None = None
    p: float = 1.0
    words: str = ""
    fault: str = ""
    few: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen of a named slice of so many rows; `small`: it has fewer than min_rows."""

    label: str
    rows: int
    small: bool
    seen: Seen


def against_champion(
    slices: Slices, candidate: Predictions, champion: Predictions, frame: Any
) -> list[Judged]:
    """Each slice's difference, and the evidence that more than the margin is lost."""
    rule = slices.rule

    def look(segments: Segments, groups: Any) -> list[Seen]:
        found = compare_slices(
            rule.metric, candidate, champion, segments, alpha=rule.alpha, options=rule.options, groups=groups
        )
        return [_difference(each, rule.margin or 0.0) for each in found]

    return _each(slices, frame, look)


def _difference(found: Paired | CannotCompute, margin: float) -> Seen:
    if isinstance(found, CannotCompute):
        return Seen(fault=str(found))
    d, rows = found.difference, f"{found.rows:,} rows"
    words = (
        f"{number(found.candidate)} against {number(found.champion)}, "
        f"difference {words_of(d, -margin, 0.0)} on {rows}"
    )
    spread = None if found.right else found.spread
    seen = Seen(d.value, d, found.se, spread, p_loses(found, margin), words)
    if found.carrying >= LEAST:
        return seen
    return replace(seen, p=1.0, few=too_few(found.carrying))


def against_bounds(slices: Slices, predictions: Predictions, frame: Any) -> list[Judged]:
    """Each slice's value, and the evidence that it is outside of the rule's bounds."""
    rule = slices.rule

    def look(segments: Segments, groups: Any) -> list[Seen]:
        found = measured(rule.metric, predictions, rule.options, segments)
        units = units_of(segments, clusters_of(predictions, groups))
        powers, highest = units.powers(found.influence), METRICS[rule.metric].highest(predictions.task)
        seen = [Seen(fault=found.faults.get(code, "")) for code in range(segments.count)]
        for code in (code for code in range(segments.count) if not seen[code].fault):
            counts = int(units.counts[code]), int(segments.sizes[code])
            excess = 0.0 if found.excess is None else float(found.excess[code])
            each = _value(rule, float(found.values[code]), powers[code], counts, highest, excess)
            counted = rule.metric == "accuracy" and predictions.weights is None and counts[0] == counts[1]
            seen[code] = each if each.few or each.se > 0 else _alike(rule, each, counts[1], counted)
        return seen

    return _each(slices, frame, look)


def _alike(rule: SliceRule, seen: Seen, rows: int, counted: bool) -> Seen:
    """Of rows that are all alike, from which no error can be told. `counted`: each is right or wrong by
    itself, so that the chance of none at the bound, or of nothing else, is known."""
    seen = replace(seen, interval=None, words=f"{number(seen.value)} on {rows:,} rows")
    if seen.p > rule.alpha:  # it is within the bounds
        return seen
    if counted:
        one = 1 - (rule.min or 0.0) if seen.value == 0 else rule.max or 1.0
        return replace(seen, p=one**rows)
    why = f"it is {number(seen.value)} in {rows:,} rows that are all alike: its error is not known"
    return replace(seen, p=1.0, fault=why)


def _value(
    rule: SliceRule, value: float, powers: Any, counts: tuple[int, int], highest: float, excess: float
) -> Seen:
    """`counts`: of independent units, and of rows; `excess`: how much too high the value may be."""
    words, few = number(value), f"fewer than {LEAST} independent rows are no evidence"
    try:
        spread = from_powers(powers, *counts, slack=(excess, 0.0))
    except CannotCompute:  # one row has a value, and no interval
        return Seen(value, words=words, few=few)
    wide = bounds(value, spread, rule.alpha)
    interval = Interval(value, max(wide.low, METRICS[rule.metric].low), min(wide.high, highest))
    told = f"{words} [{number(interval.low)}, {number(interval.high)}] on {counts[1]:,} rows"
    enough = counts[0] >= LEAST
    p = _outside(rule, value, spread) if enough else 1.0
    return Seen(value, interval, spread.se, spread, p, told, few="" if enough else few)


def _outside(rule: SliceRule, value: float, spread: Spread) -> float:
    """The p value on the side where there is evidence: the truth cannot be beyond both bounds."""
    mirrored = replace(spread, skewness=-spread.skewness, slack=spread.slack[::-1])
    below = 1.0 if rule.min is None else p_below(value, rule.min, spread)
    above = 1.0 if rule.max is None else p_below(-value, -rule.max, mirrored)
    return min(below, above)


def _each(slices: Slices, frame: Any, look: Callable[[Segments, Any], list[Seen]]) -> list[Judged]:
    """What is seen of every slice, with its label and its rows."""
    seen: list[Seen] = []
    for part in slices.partitions:
        try:
            segments = Segments(len(part.codes), part.codes, len(part.names))
            seen += look(segments, groups_by(slices.rule.group, frame))
        except CannotCompute as error:  # of all slices at once
            seen += [Seen(fault=str(error))] * len(part.names)
    least = slices.rule.min_rows or 0
    named = zip(slices.labels, slices.counts(), seen, strict=True)
    return [Judged(label, rows, rows < least, each) for label, rows, each in named]

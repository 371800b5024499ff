"""A forest plot of a rule's slices: each one's value, or difference against the champion, its interval, and
the margin or bounds."""

from __future__ import annotations

from runner.judge.bounds import number
from runner.judge.criteria_slices import SliceRule
from runner.judge.slicing.judging import Judged
from runner.judge.slicing.slices import Slices
from runner.model import Limit, Plot, Series


def forest(slices: Slices, judged: list[Judged]) -> Plot | None:
    """All slices, too small ones too; None where there are none."""
    if not judged:
        return None
    rule = slices.rule
    names = tuple(f"{n} ({s.rows:,})" for n, s in zip(slices.names, judged, strict=True))
    known = [None if s.seen.fault else s.seen for s in judged]
    y = tuple(seen.value if seen else None for seen in known)
    low, high = (
        tuple(getattr(seen.interval, side) if seen and seen.interval else None for seen in known)
        for side in ("low", "high")
    )
    what = rule.label if rule.margin is None else f"{rule.label}, candidate minus champion (higher is better)"
    series = (Series(rule.label, names, y, low, high),)
    title = f"{rule.label} by {rule.name}{'' if rule.margin is None else ', against the champion'}"
    return Plot(title, "points", rule.name, what, series, _limits(rule), _note(rule))


def _limits(rule: SliceRule) -> tuple[Limit, ...]:
    if rule.margin is not None:
        return Limit(-rule.margin, f"margin {number(rule.margin)}"), Limit(0.0, "no difference")
    bounds = ((rule.min, "min"), (rule.max, "max"))
    return tuple(Limit(v, f"{side} {number(v)}") for v, side in bounds if v is not None)


def _note(rule: SliceRule) -> str:
    told = [f"Rows in brackets. Intervals of {1 - 2 * rule.alpha:.0%}, each by itself."]
    if rule.adjustment:
        told.append(f"Verdicts are adjusted for all slices ({rule.adjustment}).")
    if rule.min_rows:
        told.append(f"Slices with fewer than {rule.min_rows:,} rows are shown, not judged.")
    return " ".join(told)

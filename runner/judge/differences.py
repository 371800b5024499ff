"""How far a candidate is from what it is compared with, metric by metric, in one plot."""

from __future__ import annotations

from collections.abc import Sequence

from runner.judge.bounds import number
from runner.judge.criteria import Compare
from runner.judge.paired.compare import Paired
from runner.model import Limit, Plot, Series


def differences(title: str, found: Sequence[tuple[Compare, Paired]]) -> Plot:
    """Each difference with its interval, in margins: metrics of different units stand on one axis, 0 is no
    difference, and an interval right of -1 rules out a loss of the margin."""
    names = tuple(f"{rule.label} (margin {number(rule.margin)})" for rule, _ in found)
    value, low, high = (
        tuple(getattr(pair.difference, end) / rule.margin for rule, pair in found)
        for end in ("value", "low", "high")
    )
    series = (Series("candidate", names, value, low, high),)
    limits = (Limit(-1.0, "a loss of the margin"), Limit(0.0, "no difference"))
    covers = {round(100 * (1 - 2 * rule.alpha), 3) for rule, _ in found}
    note = f"Intervals of {' and '.join(f'{c:g}%' for c in sorted(covers))}; right is better."
    return Plot(title, "points", "metric", "difference, in margins", series, limits, note)

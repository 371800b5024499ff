"""From what each row carries to the interval of a paired difference: standard error, Student's t, and the
rows that one model has right and the other wrong."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute, Predictions


def error(each: Any, groups: Any) -> tuple[float, int]:
    """The standard error of a mean of influences (n,), and of how many independent units it is.

    `groups` (n,) are clusters of rows, or None. Raises CannotCompute for fewer than two units."""
    import numpy as np

    n = len(each)
    if groups is not None:
        _, inverse = np.unique(groups, return_inverse=True)
        each = np.bincount(inverse, weights=each)
    units = len(each)
    if units < 2:
        raise CannotCompute("there are fewer than two independent rows")
    return float(np.sqrt((each**2).sum() * units / (units - 1)) / n), units


def student(value: float, se: float, units: int, alpha: float) -> Interval:
    """Student's t: its wider tails are what few units need, and cost many nothing."""
    from scipy.stats import t

    half = float(t.ppf(1 - alpha, units - 1)) * se
    return Interval(value, value - half, value + half)


def discordant(candidate: Predictions, champion: Predictions, threshold: float, alpha: float) -> Interval:
    """Of accuracies, by the rows that one has right and the other wrong (Bonett & Price 2012): one such row
    more on each side keeps the coverage where they are few."""
    mine, theirs = (p.labels(threshold) == p.y for p in (candidate, champion))
    n, won, lost = len(candidate), int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    up, down = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    half = NormalDist().inv_cdf(1 - alpha) * ((up + down - (up - down) ** 2) / (n + 2)) ** 0.5
    return Interval((won - lost) / n, max(-1.0, up - down - half), min(1.0, up - down + half))

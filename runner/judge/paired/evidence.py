"""How strong the evidence is that a value lies below a bound: one-sided p values, the inverse of intervals.

A p value here is the smallest alpha at which the interval of `runner.judge.paired.interval` lies below the
bound, so that verdicts on one comparison and on many of them never contradict each other.
"""

from __future__ import annotations

import math

from runner.judge.paired.compare import Paired
from runner.judge.paired.interval import Spread, statistic

FAR = 1e60  # standard errors: beyond that its cube is no number, and p is 0 or 1 long before


def p_loses(found: Paired, margin: float) -> float:
    """Against the hypothesis that no more than the margin (in the metric's unit) is lost."""
    from scipy.special import ndtr

    if found.right is None:
        return p_below(found.difference.value, -margin, found.spread)
    won, lost = found.right
    return float(ndtr(statistic(won, lost, found.rows, -margin)))


def p_below(value: float, bound: float, found: Spread) -> float:
    """Against the hypothesis that the truth is at least the bound. Where no row moves the value, it is the
    truth as far as these rows can tell."""
    from scipy.special import stdtr

    highest = value + found.slack[1]
    if not found.se > 0:
        return 0.0 if highest < bound else 1.0
    t = min(max((highest - bound) / found.se, -FAR), FAR)
    return float(
        max(stdtr(found.df, t), stdtr(found.df, _skewed(t, found.skewness / math.sqrt(found.units))))
    )


def _skewed(t: float, tilt: float) -> float:
    """Hall's (1992) cubic transformation of a t statistic: the skewness taken out."""
    return t + tilt * t * t / 3 + tilt * tilt * t**3 / 27 + tilt / 6

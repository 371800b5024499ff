"""From what each row carries to the interval of a paired difference, also where few rows carry it.

The usual interval (a normal's quantile times the standard error) fails where the difference rests on few
rows: its error is then itself uncertain, and the difference is skewed under a true loss. Both show in the
rows' influences: their kurtosis gives the degrees of freedom, their skewness the correction. Where they are
many, both vanish and the usual interval remains. `benchmarks/gate.py` prints how often it is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute

SMALLEST = 1e-290  # a fourth power below has lost its digits


@dataclass(frozen=True, slots=True)
class Spread:
    """How a mean of influences varies: its standard error `se`, the influences' `skewness`, the degrees of
    freedom `df` that the error has, and of how many independent `units` (rows, clusters) it is. `slack` is by
    how much the value may be too high, and too low, on average."""

    se: float
    skewness: float
    df: float
    units: int
    slack: tuple[float, float] = (0.0, 0.0)


def spread(each: Any, groups: Any = None) -> Spread:
    """Of influences (n,); `groups` (n,) are clusters of rows, whose sums are then the units.

    Raises CannotCompute for fewer than two units."""
    import numpy as np

    rows = len(each)
    if groups is not None:
        _, inverse = np.unique(groups, return_inverse=True)
        each = np.bincount(inverse, weights=each)
    square = each * each
    powers = float(square.sum()), float((square * each).sum()), float((square * square).sum())
    return from_powers(powers, len(each), rows)


def from_powers(
    powers: tuple[float, float, float], units: int, rows: int, slack: tuple[float, float] = (0.0, 0.0)
) -> Spread:
    """Of sums of the units' influences to the powers of 2, 3 and 4; `rows` is what the value is a mean over.

    The degrees of freedom are those of a chi-square with the error's own variance, 2 units / (kurtosis - 1)
    (Satterthwaite 1946; O'Neill 2014): twice the rows that carry it where each carries the same.
    Raises CannotCompute for fewer than two units, and for powers that are beyond what a float holds."""
    if units < 2:
        raise CannotCompute("there are fewer than two independent rows")
    second, third, fourth = powers
    if second and not (SMALLEST < second * second < math.inf and math.isfinite(third + fourth)):
        raise CannotCompute("what its rows carry is too large or too small to reckon with: change the unit")
    se = math.sqrt(second * units / (units - 1)) / rows
    if not second:
        return Spread(se, 0.0, units - 1.0, units, slack)
    excess = fourth - second * second / units
    df = 2 * second * second / excess if excess > 0 else math.inf
    skewness = third * math.sqrt(units) / second**1.5
    return Spread(se, skewness, min(max(df, 1.0), units - 1.0), units, slack)


def bounds(value: float, found: Spread, alpha: float) -> Interval:
    """The two-sided interval of 1 - 2 alpha: on either side the wider one of Student's t and of t with the
    skewness taken out (Hall 1992, JRSS B 54:221).

    Hall's alone is too narrow where a few rows' skewness is chance, Student's where it is real. What slack
    there is moves the ends."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(found.df, 1 - alpha))
    tilt = found.skewness / math.sqrt(found.units)
    up, down = _unskewed(-quantile, tilt), _unskewed(quantile, tilt)
    low = value - found.slack[0] - max(quantile, down) * found.se
    return Interval(value, low, value + found.slack[1] + max(quantile, -up) * found.se)


def _unskewed(x: float, tilt: float) -> float:
    """The inverse of Hall's cubic transformation of a t statistic with this skewness."""
    if abs(tilt) < 1e-6:
        return x
    return 3 / tilt * (math.cbrt(1 + tilt * (x - tilt / 6)) - 1)


def score(won: int, lost: int, rows: int, alpha: float) -> Interval:
    """The score interval of a difference of paired proportions (Tango 1998, Statistics in Medicine 17:891),
    the one that keeps both sides' error where few rows differ (Fagerland, Lydersen & Laake 2014)."""
    from scipy.special import ndtri

    z = float(ndtri(1 - alpha))
    low, high = (_root(won, lost, rows, sign * z) for sign in (1, -1))
    return Interval((won - lost) / rows, low, high)


def _root(won: int, lost: int, rows: int, z: float) -> float:
    """Where the score statistic, which falls as the difference rises, is z."""
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if statistic(won, lost, rows, middle) > z else (low, middle)
    return (low + high) / 2


def statistic(won: Any, lost: Any, rows: int, difference: float) -> Any:
    """Tango's score statistic: observed less assumed difference, by its standard error under the assumed.

    `won` and `lost` are numbers or arrays of counts."""
    b = (2 * rows - won + lost) * difference - won - lost
    c = -lost * difference * (1 - difference)
    share = (abs(b * b - 8 * rows * c) ** 0.5 - b) / (4 * rows)
    variance = rows * (2 * share + difference * (1 - difference))
    return (won - lost - rows * difference) / (abs(variance) + 1e-300) ** 0.5

"""How far a fresh sample of the same source may be from this one. Pure.

All bounds hold for rows that are drawn independently; `alpha` is the chance of a false alarm that each may
have. Shares by the exact prediction limit of a binomial (Thatcher, J. R. Statist. Soc. B 26, 1964), which
asks nothing of the source; tails by their excesses over a high value (Pickands, Ann. Statist. 3, 1975),
generalised Pareto by moments (Hosking & Wallis, Technometrics 29, 1987), or Pareto's by Hill's estimator
(Ann. Statist. 3, 1975) where that reaches farther; values never seen by the share of those seen once (Good,
Biometrika 40, 1953).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, pstdev, pvariance

OFTEN = 30  # an extreme that so many rows share is no accident: a tail would go on
KEPT = 10  # extremes that a tail is read from, at least
KNOWN = 5  # of values that each have so many rows, none is rare: a gap to what was never seen
EXACT = 1e-12
ERRORS = 0.5  # standard errors of a tail's shape that it is taken to be heavier


@dataclass(frozen=True, slots=True)
class Chance:
    """A sample of `rows`, and fresh ones of at least `fresh` rows that are to pass."""

    rows: int
    fresh: int
    alpha: float

    @property
    def deviations(self) -> float:
        """How many standard deviations a mean may be off."""
        return NormalDist().inv_cdf(1 - self.alpha / 2)

    def most(self, count: int, of: int) -> float:
        """The share that a fresh sample shows at most, where this one has `count` of `of`."""
        fresh = max(1, round(self.fresh * of / max(self.rows, 1)))
        low, high = 0, fresh + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _at_least(middle, fresh, count, of) <= self.alpha else (middle, high)
        return min(1.0, high / fresh)

    def unseen(self, counts: Iterable[int]) -> float:
        """The share of rows that a fresh sample may have of values that this one has not: 0 where each of its
        values is frequent, so that nothing says there are rare ones."""
        known = list(counts)
        if min(known, default=0) >= KNOWN:
            return 0.0
        return self.most(sum(1 for count in known if count == 1), sum(known))

    def reach(self, extremes: Sequence[float], centre: float) -> float:
        """How far above the greatest value a fresh one may lie; `extremes` descend. 0 where the greatest is
        frequent, and so an end of the scale."""
        top = extremes[0]
        if sum(1 for value in extremes if value == top) >= OFTEN or len(extremes) < 2:
            return 0.0
        kept = min(len(extremes) - 1, max(KEPT, math.isqrt(self.rows)))
        edge = extremes[kept]
        excesses = [value - edge for value in extremes[:kept]]
        wide = math.log(max(kept * self.fresh / (self.rows * self.alpha), 1.0))
        beyond = max(_excess(excesses, wide), _heavy(extremes[:kept], edge, centre, wide) - edge)
        return max(edge + beyond - top, 0.0)


def _excess(excesses: Sequence[float], wide: float) -> float:
    """The generalised Pareto distribution's, by the method of moments, not lighter than exponential, its
    shape raised by a share of its error."""
    mean, variance = fmean(excesses), pvariance(excesses)
    if not 0 < variance < math.inf:
        return mean * wide
    found = max((1 - mean**2 / variance) / 2, 0.0)
    shape = found + ERRORS / math.sqrt(len(excesses))
    return mean * (1 - found) * math.expm1(min(shape * wide, 700.0)) / shape


def _heavy(above: Sequence[float], edge: float, centre: float, wide: float) -> float:
    """The same for Pareto's own tail, where excesses vary more than exponential ones."""
    excesses = [value - edge for value in above]
    if edge <= centre or pstdev(excesses) <= fmean(excesses):
        return edge
    tail = fmean(math.log((value - centre) / (edge - centre)) for value in above)
    return centre + (edge - centre) * math.exp(min(tail * wide, 700.0))


def _at_least(wanted: int, fresh: int, count: int, of: int) -> float:
    """How likely so many of a fresh sample are, of all that both samples have: a hypergeometric tail."""
    both = count + wanted
    if (
        wanted * (fresh + of) <= fresh * both
    ):  # not above the mean, where terms may be too small to begin with
        return 1.0
    term = math.exp(_choose(fresh, wanted) + _choose(of, count) - _choose(fresh + of, both))
    total, at = 0.0, wanted
    while term > total * EXACT and at <= min(fresh, both):
        total += term
        term *= (fresh - at) * (both - at) / ((at + 1) * (of - both + at + 1))
        at += 1
    return total


def _choose(n: int, k: int) -> float:
    """The logarithm of the number of ways."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def collisions(rows: int, kinds: float) -> float:
    """How many pairs of rows would share a value by chance, of `kinds` values that are equally frequent."""
    return rows * (rows - 1) / 2 / max(kinds, 1.0)

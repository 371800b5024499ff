"""The interval of a share of rows."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

from runner.judge.paired.verdict import Interval


def wilson(hits: float, rows: float, alpha: float = 0.025) -> Interval:
    """The share of `rows` that are `hits`, and Wilson's (1927) two-sided interval of 1 - 2 alpha.

    It stays between 0 and 1 and holds for small shares and few rows (Brown, Cai & DasGupta 2001). `rows` is
    above 0, and need not be whole."""
    z, share = NormalDist().inv_cdf(1 - alpha), hits / rows
    middle, divisor = share + z * z / (2 * rows), 1 + z * z / rows
    half = z * (share * (1 - share) / rows + z * z / (4 * rows * rows)) ** 0.5
    low = 0.0 if hits <= 0 else max(0.0, (middle - half) / divisor)
    high = 1.0 if hits >= rows else min(1.0, (middle + half) / divisor)
    return Interval(share, low, high)


def exact(hits: float, rows: float, alpha: float = 0.025) -> Interval:
    """The same share, and Clopper & Pearson's (1934) interval: either side is wrong with a chance of at most
    alpha, whatever the share and however few the rows. Of a side on its own, Wilson's is wrong up to twice as
    often where hits are few (Cai 2005), so a rule is judged by this one."""
    from scipy.special import betaincinv

    low = 0.0 if hits <= 0 else float(betaincinv(hits, rows - hits + 1, alpha))
    high = 1.0 if hits >= rows else float(betaincinv(hits + 1, rows - hits, 1 - alpha))
    return Interval(hits / rows, low, high)


def weighted_share(mask: Any, weights: Any = None, alpha: float = 0.025) -> Interval:
    """The share of rows (n,) bool with its exact interval; by weight where they have any, and then of as
    many rows of equal weight as tell as much (Kish 1965). The weights are not all 0."""
    if weights is None:
        return exact(int(mask.sum()), len(mask), alpha)
    total = float(weights.sum())
    effective = total * total / float((weights * weights).sum())
    return exact(float(weights[mask].sum()) / total * effective, effective, alpha)

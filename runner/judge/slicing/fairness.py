"""The largest difference between groups in how often a binary prediction is 1.

Measures as Fairlearn names and computes them (Bird et al. 2020): demographic parity (Dwork et al. 2012),
equal opportunity and equalised odds (Hardt, Price & Srebro 2016), the last as the larger one of its two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from runner.judge.paired.verdict import Interval
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.shares import wilson
from runner.judge.slicing.partition import Partition

# Of which rows a rate is, by their label; None: of all.
LABELS: dict[str, tuple[int | None, ...]] = {
    "demographic_parity": (None,),
    "equal_opportunity": (1,),
    "equalised_odds": (1, 0),
}
NAMES = {None: "selection rate", 1: "true positive rate", 0: "false positive rate"}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one group is predicted 1: `share` with its own interval, of `rows` rows, which tell as much
    as `effective` ones of equal weight do (Kish 1965). `name` is the group's."""

    name: str
    share: Interval
    rows: int
    effective: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference between the rates of two groups, the `low` and the `high` one, and its
    simultaneous interval."""

    what: str
    difference: Interval
    low: Rate
    high: Rate


def rates(
    predictions: Predictions, groups: Partition, label: int | None, threshold: float, alpha: float
) -> list[Rate | None]:
    """Each group's rate among the rows of a label, with Wilson's interval of 1 - alpha; None: no such rows.

    Raises CannotCompute for predictions that are no numbers."""
    import numpy as np

    predictions.require_finite()
    chosen = groups.codes >= 0 if label is None else (groups.codes >= 0) & (predictions.y == label)
    codes, m = groups.codes[chosen], len(groups.names)
    hit = predictions.labels(threshold)[chosen] == 1
    w = np.ones(len(codes)) if predictions.weights is None else predictions.weights[chosen]
    rows = np.bincount(codes, minlength=m)
    weight, squares, hits = (np.bincount(codes, weights=each, minlength=m) for each in (w, w * w, w * hit))
    sums = zip(groups.names, rows, weight, squares, hits, strict=True)
    return [_rate(*each, alpha=alpha) for each in sums]


def _rate(name: str, rows: Any, weight: Any, squares: Any, hits: Any, *, alpha: float) -> Rate | None:
    if weight <= 0:
        return None
    effective = float(weight * weight / squares)
    share = float(hits / weight)
    return Rate(name, wilson(share * effective, effective, alpha / 2), int(rows), effective)


def largest_gap(what: str, found: list[Rate], alpha: float) -> Gap:
    """Between any two of the groups; the interval of 1 - alpha is simultaneous over all pairs.

    Each pair's is Newcombe's (1998, Statistics in Medicine 17:873, method 10) from Wilson's intervals, with
    the studentised range instead of the normal's quantile (Agresti, Bini, Bertaccini & Ryu 2008, Biometrics
    64:1270): all of them hold at once, so their largest bounds hold for the largest difference.
    Raises CannotCompute for fewer than two groups."""
    import numpy as np

    if len(found) < 2:
        raise CannotCompute(f"{what}: fewer than two groups have rows enough")
    tail = math.erfc(range_quantile(len(found), alpha) / 2) / 2  # of a normal beyond quantile / sqrt(2)
    shares = [wilson(rate.share.value * rate.effective, rate.effective, tail) for rate in found]
    p, low, high = (np.array([getattr(s, side) for s in shares]) for side in ("value", "low", "high"))
    gaps = p[:, None] - p[None, :]
    lows = gaps - np.hypot((p - low)[:, None], (high - p)[None, :])
    highs = gaps + np.hypot((high - p)[:, None], (p - low)[None, :])
    np.fill_diagonal(highs, 0.0)
    difference = Interval(float(gaps.max()), max(0.0, float(lows.max())), min(1.0, float(highs.max())))
    return Gap(what, difference, found[int(p.argmin())], found[int(p.argmax())])


@lru_cache(64)
def range_quantile(groups: int, alpha: float) -> float:
    """The upper `alpha` quantile of the range of so many independent standard normals (Tukey 1953)."""
    import numpy as np
    from scipy.special import ndtr

    z = np.linspace(-9, 9, 1801)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    low, high = 0.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        within = groups * float((density * (ndtr(z + middle) - ndtr(z)) ** (groups - 1)).sum())
        low, high = (middle, high) if within < 1 - alpha else (low, middle)
    return high

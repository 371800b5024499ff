"""The few distributions that a canary is judged with, in plain Python: the deploy image has no SciPy.

Checked against SciPy in tests/unit/release/test_canary_stats.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

TINY = 1e-17
LEVEL = 0.95  # of the intervals that are shown; decisions have a level of their own


def fisher_greater(bad_new: int, new: int, bad_old: int, old: int) -> float:
    """Fisher's exact test, one-sided: how likely the new version has at least `bad_new` of all the bad ones
    if both versions are equal. 1.0 where its share is not the larger one: nothing speaks against it."""
    if not new or not old or bad_new * old <= bad_old * new:
        return 1.0
    bad, most = bad_new + bad_old, min(bad_new + bad_old, new)
    term = math.exp(_choose(new, bad_new) + _choose(old, bad_old) - _choose(new + old, bad))
    total = term
    # Beyond the mean each further term is smaller, so the sum may stop where they vanish.
    for k in range(bad_new, most):
        term *= (bad - k) * (new - k) / ((k + 1) * (old - bad + k + 1))
        total += term
        if term <= TINY * total:
            break
    return min(total, 1.0)


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def difference_at_least(bad_new: int, new: int, bad_old: int, old: int) -> float:
    """Lower bound (95 %, one-sided) of the difference of two rates: Newcombe's (1998, method 10), from
    Wilson's bounds of each. -1.0 where one of them is of nothing."""
    if not new or not old:
        return -1.0
    now, before = bad_new / new, bad_old / old
    low, high = _wilson(now, new, -1), _wilson(before, old, 1)
    return now - before - math.hypot(now - low, high - before)


def _wilson(rate: float, count: int, side: int) -> float:
    z = NormalDist().inv_cdf(LEVEL)
    middle = rate + z * z / (2 * count)
    width = z * math.sqrt(rate * (1 - rate) / count + (z / (2 * count)) ** 2)
    return (middle + side * width) / (1 + z * z / count)


def chi2_sf(x: float, freedom: float) -> float:
    """P(chi-squared > x), the regularised upper incomplete gamma function Q(freedom / 2, x / 2)."""
    if x <= 0:
        return 1.0
    a, half = freedom / 2, x / 2
    return max(0.0, 1 - _gamma_series(a, half)) if half < a + 1 else _gamma_fraction(a, half)


def _gamma_series(a: float, x: float) -> float:
    """P(a, x) by its series, which converges fast below a + 1."""
    term = total = 1 / a
    n = a
    while abs(term) > TINY * abs(total):
        n += 1
        term *= x / n
        total += term
    return total * math.exp(a * math.log(x) - x - math.lgamma(a))


def _gamma_fraction(a: float, x: float) -> float:
    """Q(a, x) by its continued fraction (modified Lentz), which converges fast above a + 1."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for i in range(1, 100_000):
        an = -i * (i - a)
        b += 2
        d = 1 / _not_zero(an * d + b)
        c = _not_zero(b + an / c)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value * math.exp(a * math.log(x) - x - math.lgamma(a))


def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def noncentral_chi2_sf(x: float, freedom: float, shift: float) -> float:
    """P(noncentral chi-squared > x): a Poisson mixture of central ones (Johnson et al. 1995)."""
    if x <= 0:
        return 1.0
    mean = shift / 2
    low, high = (int(max(0.0, mean + side * (9 * math.sqrt(mean) + 30))) for side in (-1, 1))
    tail, total = chi2_sf(x, freedom + 2 * low), 0.0
    for j in range(low, high + 1):
        total += _poisson(j, mean) * tail
        a = freedom / 2 + j
        tail = min(1.0, tail + math.exp(a * math.log(x / 2) - x / 2 - math.lgamma(a + 1)))
    return min(total, 1.0)


def _poisson(j: int, mean: float) -> float:
    if not mean:
        return float(j == 0)
    return math.exp(j * math.log(mean) - mean - math.lgamma(j + 1))


def holm(chances: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which p-values Holm's step-down procedure (1979) rejects so that a false one has a chance of alpha."""
    rejected = [False] * len(chances)
    for rank, index in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if not chances[index] * (len(chances) - rank) <= alpha:
            break
        rejected[index] = True
    return tuple(rejected)


def order_levels(share: float, count: int, level: float = LEVEL) -> tuple[float, float]:
    """The levels, in [0, 1], of the two order statistics between which the quantile `share` of `count`
    values lies at a confidence of `level` (binomial, by its normal approximation)."""
    width = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(share * (1 - share) / max(count, 1))
    return max(0.0, share - width), min(1.0, share + width)

"""How an estimated divergence is distributed, near zero as well as far from it.

The estimate of a divergence D from two samples of n and m rows is, to the second order, D + a linear term + a
quadratic one. Where D is 0 the linear term vanishes and the estimate is chi-squared with k - 1 degrees of
freedom over nm/(n+m); far from 0 it is normal. A noncentral chi-squared law, scaled, is both at its ends. It
is fitted here to the mean and variance of the expansion: c chi2(r, l) with c r = bias, c l = D and
2 c (bias + 2 D) = variance (a moment match as in Patnaik 1949).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.drift.divergences import Divergence, Expansion

PSEUDO = (
    2.0  # rows of the smaller sample that smoothing adds to each bin; fewer leave a tail where bins empty
)
NONE = 1e-18  # the noise of a column that has one value in both samples


@dataclass(frozen=True, slots=True)
class Sizes:
    """The rows of the reference and of the current sample."""

    reference: float
    current: float

    def mixed_in(self, bins: int) -> float:
        """The share of a uniform distribution that smoothing mixes into both samples alike."""
        added = PSEUDO * bins
        return added / (min(self.reference, self.current) + added)


@dataclass(frozen=True, slots=True)
class Law:
    """c chi2(r, l): of the estimate of a divergence that is `value`; arrays of one shape."""

    value: Any
    scale: Any
    freedom: Any

    @property
    def noncentrality(self) -> Any:
        return self.value / self.scale

    @property
    def bias(self) -> Any:
        return self.scale * self.freedom

    def z(self, estimate: Any) -> Any:
        """The standard normal deviate that is exceeded as often as `estimate` is (Sankaran 1963)."""
        power, shift, spread = self._sankaran()
        mean = self.freedom + self.noncentrality
        return ((np.maximum(estimate, 0) / self.scale / mean) ** power - shift) / spread

    def quantile(self, z: Any) -> Any:
        """The inverse of `z`."""
        power, shift, spread = self._sankaran()
        mean = self.freedom + self.noncentrality
        return np.maximum(shift + z * spread, 0) ** (1 / power) * mean * self.scale

    def _sankaran(self) -> tuple[Any, Any, Any]:
        """Power, mean and deviation of (x / mean)^h, which is nearly normal."""
        r, l = self.freedom, self.noncentrality  # noqa: E741  the names in the paper's formulas
        h = 1 - 2 / 3 * (r + l) * (r + 3 * l) / (r + 2 * l) ** 2
        p, m = (r + 2 * l) / (r + l) ** 2, (h - 1) * (1 - 3 * h)
        return h, 1 + h * p * (h - 1 - (2 - h) * m * p / 2), h * np.sqrt(2 * p) * (1 + m * p / 2)


def smoothed(p: Any, mixed_in: float) -> Any:
    """A distribution (..., k) after a share of it was made uniform."""
    return (1 - mixed_in) * p + mixed_in / p.shape[-1]


def law(divergence: Divergence, p: Any, q: Any, sizes: Sizes) -> Law:
    """The law of the smoothed estimate where `p` and `q` (..., k) are the true distributions."""
    mixed_in = sizes.mixed_in(p.shape[-1])
    at = divergence(smoothed(p, mixed_in), smoothed(q, mixed_in))
    kept = 1 - mixed_in
    bias = kept**2 / 2 * (_sum(at.by_pp * p * (1 - p)) / sizes.reference)
    bias = np.maximum(bias + kept**2 / 2 * (_sum(at.by_qq * q * (1 - q)) / sizes.current), NONE)
    scale = np.maximum(_variance(at, p, q, sizes, kept) / (2 * bias + 4 * at.value), NONE)
    return Law(at.value, scale, bias / scale)


def _variance(at: Expansion, p: Any, q: Any, sizes: Sizes, kept: float) -> Any:
    """Of the linear and the quadratic term; they are uncorrelated in a normal expansion."""
    n, m = sizes.reference, sizes.current
    linear = _spread(at.by_p, p) / n + _spread(at.by_q, q) / m
    own = _trace(at.by_pp, p, p) / n**2 + _trace(at.by_qq, q, q) / m**2
    return kept**2 * linear + kept**4 / 2 * (own + 2 * _trace(at.by_pq, p, q) / (n * m))


def _spread(score: Any, p: Any) -> Any:
    return _sum(p * score**2) - _sum(p * score) ** 2


def _trace(a: Any, p: Any, q: Any) -> Any:
    """tr(A S A R), A diagonal, S and R the covariances diag(p) - pp' of one multinomial row."""
    square = a * a * p * q
    return _sum(square) - _sum(square * p) - _sum(square * q) + _sum(a * p * q) ** 2


def _sum(terms: Any) -> Any:
    return terms.sum(-1)

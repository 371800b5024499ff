"""Wasserstein-1 between two samples of a numeric column, in the reference's standard deviations, with its
lower confidence bound.

W1 is the area between two distribution functions. Values are rounded up to points that the reference fixes,
and those beyond the last count as the last (rounding into such a range only takes from W1 what lies outside
it). The estimate T = sum |F - G| w is a convex function of the noise, which is nearly normal with
covariances that are nowhere negative. So T exceeds its mean by z L at most as often as a standard normal
exceeds z (Borell 1975; the median of a convex function is at most its mean, Kwapien 1994), where L is the
deviation of the difference of the two means, the most that any weights between -1 and 1 can give. The mean
itself exceeds the true distance by E|d + s Z| - |d| at each point. That is largest where d is 0, and counted
as such wherever d is not clear of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.drift.bound import Bounded
from runner.drift.law import Sizes, smoothed
from runner.drift.normal import above, density, exceeded
from runner.drift.planted import Power, growing
from runner.drift.search import up_to

CLEAR = 1.0  # standard errors; a difference counts as real beyond so many
GRID = np.linspace(0.0, 6.0, 301)
FOLDED = 2 * density(GRID) - 2 * GRID * above(GRID)  # E|u + Z| - u


@dataclass(frozen=True, slots=True)
class Line:
    """The points (l,) to which values are rounded, ascending, and the unit: the reference's standard
    deviation after rounding, above 0."""

    points: Any
    unit: float

    @property
    def gaps(self) -> Any:
        """The width between one point and the next, in units; (l - 1,)."""
        return np.diff(self.points) / self.unit


def unit_of(points: Any, counts: Any) -> float:
    """The standard deviation of values that lie at `points` (l,) so often, `counts` (l,); 0 of a constant,
    not finite beyond 1e154."""
    share = counts / counts.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float((share * points).sum())
        return float(np.sqrt((share * (points - mean) ** 2).sum()))


def bounded(line: Line, reference: Any, current: Any, alpha: float) -> Bounded:
    """W1 between two samples' counts (..., l) at the line's points, and its lower bound of level 1 - alpha.

    Each sample has rows in each leading place."""
    sizes = Sizes(float(reference.sum(-1).flat[0]), float(current.sum(-1).flat[0]))
    p, q = reference / sizes.reference, current / sizes.current
    seen, z = _distance(line, p, q), exceeded(alpha)

    def exceeds(share: Any) -> Any:
        return (1 - share) * seen > _surplus(line, *_on_the_way(p, q, sizes, share), sizes, z)

    lower = up_to(exceeds, seen.shape) * seen
    return Bounded(np.maximum(seen - _noise_of(line, p, q, sizes)[0], lower), lower)


def _on_the_way(p: Any, q: Any, sizes: Sizes, share: Any) -> tuple[Any, Any]:
    """The distributions so far (0 to 1) from the pooled one to those seen: so far apart, too."""
    pooled = (sizes.reference * p + sizes.current * q) / (sizes.reference + sizes.current)
    share = np.asarray(share)[..., None]
    return pooled + share * (p - pooled), pooled + share * (q - pooled)


def _distance(line: Line, p: Any, q: Any) -> Any:
    return (np.abs(_below(p) - _below(q)) * line.gaps).sum(-1)


def _surplus(line: Line, p: Any, q: Any, sizes: Sizes, z: float) -> Any:
    """What the estimate exceeds the distance of `p` and `q` by as rarely as a standard normal exceeds `z`.

    Where few rows lie far out their mean is skewed: the first term of Cornish & Fisher's (1938) expansion."""
    bias, error = _noise_of(line, p, q, sizes)
    upwards = np.sign(_moment(line, q, 1) - _moment(line, p, 1))
    third = _moment(line, q, 3) / sizes.current**2 - _moment(line, p, 3) / sizes.reference**2
    skew = np.maximum(upwards * third, 0.0) / np.maximum(error, 1e-300) ** 3
    return bias + (z + skew * (z * z - 1) / 6) * error


def _noise_of(line: Line, p: Any, q: Any, sizes: Sizes) -> tuple[Any, Any]:
    """By how much the estimate exceeds the distance of `p` and `q` (..., l) at most, and its deviation."""
    noise = np.sqrt(_step(p) / sizes.reference + _step(q) / sizes.current)
    variance = _moment(line, p, 2) / sizes.reference + _moment(line, q, 2) / sizes.current
    return _bias(line, np.abs(_below(p) - _below(q)), noise), np.sqrt(variance)


def power(line: Line, reference: Any, rows: float, threshold: float, alpha: float) -> Power:
    """The power against larger values: the reference's counts (l,), tilted; `rows` current ones."""
    sizes = Sizes(float(reference.sum()), rows)
    p = smoothed(reference / sizes.reference, 1 / (sizes.reference + 1))
    q = growing(p, lambda q: _distance(line, p, q), threshold)
    p = np.broadcast_to(p, q.shape)
    distance, (surplus, error) = _distance(line, p, q), _noise_of(line, p, q, sizes)
    share = np.minimum(threshold / np.maximum(distance, 1e-300), 1.0)
    needed = threshold + _surplus(line, *_on_the_way(p, q, sizes, share), sizes, exceeded(alpha))
    return Power(distance, above((needed - distance - surplus) / error))


def _below(p: Any) -> Any:
    """The distribution function at all points but the last, where it is 1."""
    return np.cumsum(p, -1)[..., :-1]


def _step(p: Any) -> Any:
    """The variance of the distribution function of one row, at each point but the last."""
    below = np.clip(_below(p), 0, 1)
    return below * (1 - below)


def _moment(line: Line, p: Any, order: int) -> Any:
    """The central moment of one row's value in units (its mean, of order 1); (...)."""
    at = np.concatenate([[0.0], np.cumsum(line.gaps)])
    mean = (p * at).sum(-1, keepdims=True)
    return mean[..., 0] if order == 1 else (p * (at - mean) ** order).sum(-1)


def _bias(line: Line, apart: Any, noise: Any) -> Any:
    """By how much the mean of sum |d + noise| w exceeds sum |d| w; the part of |d| that is clear counts."""
    ratio = np.divide(apart, noise, out=np.zeros_like(apart), where=noise > 0)
    folded = np.interp(np.maximum(ratio - CLEAR, 0.0), GRID, FOLDED, right=0.0)
    return (line.gaps * noise * folded).sum(-1)

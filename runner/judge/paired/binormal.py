"""The area under the ROC curve before its rows are there: DeLong's variance under the binormal model.

In either class both models' scores are normal with unit variance and the same correlation (Hanley & McNeil
1983); the classes' means lie so far apart that the areas are what is expected. All moments are then orthant
probabilities of two normals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from runner.judge.paired.designs import Losing
from runner.judge.paired.power import Smooth
from runner.judge.predictions import CannotCompute

RANGE = "a roc_auc lies between 0.5 and 1, a correlation from 0 to below 1"
NODES = 96  # of the quadrature: 1e-12 up to a correlation of 0.999


def both(h: float, k: float, correlation: float) -> float:
    """The chance that two standard normals lie below h and k: Plackett's (1954) integral over the angle whose
    sine is the correlation (Genz 2004)."""
    import numpy as np
    from scipy.special import ndtr

    nodes, weights = _quadrature()
    top = math.asin(correlation)
    angle = top * (nodes + 1) / 2
    inside = np.exp((h * k * np.sin(angle) - (h * h + k * k) / 2) / np.cos(angle) ** 2)
    return float(ndtr(h) * ndtr(k) + top / 2 * (weights * inside).sum() / (2 * math.pi))


@cache
def _quadrature() -> tuple[Any, Any]:
    import numpy as np

    return np.polynomial.legendre.leggauss(NODES)


def differing(area: float, correlation: float) -> float:
    """The share of pairs (a positive, a negative) that two models of this area order differently."""
    from scipy.special import ndtri

    at = float(ndtri(area))
    return 2 * (area - both(at, at, correlation))


def correlation_of(area: float, disagreement: float) -> float:
    """The correlation at which they differ on this share of the pairs. Raises CannotCompute for more than
    independent scores do, for less than can be computed, and for an area that is none."""
    if not 0.5 < area < 1:
        raise CannotCompute(RANGE)
    low, high = 0.0, 0.9999
    if not differing(area, high) <= disagreement <= differing(area, low):
        raise CannotCompute(
            f"two models with a roc_auc of {area:g} order between {differing(area, high):.4f} and "
            f"{differing(area, low):.4f} of the pairs differently, not {disagreement:g}"
        )
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if differing(area, middle) < disagreement else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class Areas:
    """Two models' areas under the ROC curve."""

    champion: float
    candidate: float
    correlation: float

    def placed(self) -> float:
        """The variance of the difference of a positive's two placements among the negatives (and, by the
        model's symmetry, of a negative's among the positives)."""
        from scipy.special import ndtri

        a, b = (float(ndtri(each)) for each in (self.champion, self.candidate))
        alone = both(a, a, 0.5) + both(b, b, 0.5) - 2 * both(a, b, self.correlation / 2)
        return alone - (self.champion - self.candidate) ** 2


def of_area(expected: float, correlation: float, positives: float) -> Losing:
    """The design of roc_auc: the champion's area, the correlation of both models' scores within a class, the
    share of positives. Raises CannotCompute where there are no such models."""
    if not 0.5 < expected < 1 or not 0 <= correlation < 1:
        raise CannotCompute(RANGE)

    def at(loss: float) -> Smooth:
        if not 0 <= loss <= expected - 0.5:
            raise CannotCompute(f"a roc_auc of {expected:g} that loses {loss:g} is no better than chance")
        variance = Areas(expected, expected - loss, correlation).placed()
        share, other = positives, 1 - positives
        total = variance / share + variance / other
        kurtosis = 3 * variance**2 * (share**-3 + other**-3) / total**2
        return Smooth(math.sqrt(total), kurtosis)

    return Losing(cache(at), expected - 0.5)

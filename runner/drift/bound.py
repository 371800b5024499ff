"""The lower confidence bound of a divergence, and what it takes to find one.

The bound inverts the one-sided test of "the divergence is at most D" for every D: the law of the estimate is
taken at the pair of distributions that has divergence D on the line from the pooled sample to what was seen.
It is valid at 0, where a normal interval is not, and at any threshold (benchmarks/drift.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.drift.divergences import Divergence
from runner.drift.law import Law, Sizes, law, smoothed
from runner.drift.normal import above, exceeded

STEPS = 26  # halvings: to 1e-8 of the way
TILTS = 300  # planted shifts of which the power is computed
STRONGEST, FARTHEST = 200.0, 50.0  # tilts: in all, and in those that the threshold takes


@dataclass(frozen=True, slots=True)
class Bounded:
    """`estimate` (its bias taken off, at least 0) and `lower`, both (...) in the divergence's unit."""

    estimate: Any
    lower: Any


def bounded(divergence: Divergence, reference: Any, current: Any, alpha: float) -> Bounded:
    """The divergence between two samples' counts (..., k), and its lower bound of level 1 - alpha.

    Each sample has rows, as many in each leading place."""
    sizes = Sizes(float(reference.sum(-1).flat[0]), float(current.sum(-1).flat[0]))
    p, q = reference / sizes.reference, current / sizes.current
    mixed_in = sizes.mixed_in(p.shape[-1])
    seen = divergence(smoothed(p, mixed_in), smoothed(q, mixed_in)).value
    z = exceeded(alpha)
    low, high = np.zeros(seen.shape), np.ones(seen.shape)
    for _ in range(STEPS):
        middle = (low + high) / 2
        clear = _on_the_way(divergence, p, q, sizes, middle).z(seen) > z
        low, high = np.where(clear, middle, low), np.where(clear, high, middle)
    lower = np.where(low > 0, _on_the_way(divergence, p, q, sizes, low).value, 0.0)
    return Bounded(np.maximum(seen - law(divergence, p, q, sizes).bias, lower), lower)


def _on_the_way(divergence: Divergence, p: Any, q: Any, sizes: Sizes, share: Any) -> Law:
    """The law where the distributions lie so far (0 to 1) from the pooled one to those seen."""
    pooled = (sizes.reference * p + sizes.current * q) / (sizes.reference + sizes.current)
    share = np.asarray(share)[..., None]
    return law(divergence, pooled + share * (p - pooled), pooled + share * (q - pooled), sizes)


@dataclass(frozen=True, slots=True)
class Power:
    """How often shifts of growing size raise an alarm: `effects` (t,) ascending, `found` (t,) from 0 to 1."""

    effects: Any
    found: Any

    def at(self, effect: float) -> float:
        """The chance that a true effect of this size raises an alarm; 0 beyond what bins can show."""
        return float(np.interp(effect, self.effects, self.found, right=0.0))

    def least(self, wanted: float) -> float | None:
        """The smallest effect that raises an alarm as often as wanted; None where none does."""
        enough = self.found >= wanted
        if not enough.any():
            return None
        first = int(enough.argmax())
        if first == 0:
            return float(self.effects[0])
        around = slice(first - 1, first + 1)
        return float(np.interp(wanted, self.found[around], self.effects[around]))


def power(divergence: Divergence, reference: Any, rows: float, threshold: float, alpha: float) -> Power:
    """The power against a shift along the order of the bins, where `reference` (k,) are the counts and the
    current sample has `rows`: each bin's share is multiplied by exp(t rank), an exponential
    tilt."""
    sizes = Sizes(float(reference.sum()), rows)
    p = smoothed(reference / sizes.reference, sizes.mixed_in(len(reference)))
    first = _strength(divergence, p, sizes, threshold)
    q = tilted(p, first * (1 + np.concatenate([[0.0], np.geomspace(1e-4, FARTHEST, TILTS)])))
    laws = law(divergence, np.broadcast_to(p, q.shape), q, sizes)
    limit = Law(laws.value[0], laws.scale[0], laws.freedom[0])
    needed = limit.quantile(exceeded(alpha))
    return Power(divergence(np.broadcast_to(p, q.shape), q).value, above(laws.z(needed)))


def _strength(divergence: Divergence, p: Any, sizes: Sizes, threshold: float) -> float:
    """The tilt whose smoothed divergence is the threshold, or the strongest there is."""
    low, high = 0.0, STRONGEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        reached = law(divergence, p, tilted(p, [middle])[0], sizes).value
        low, high = (middle, high) if reached < threshold else (low, middle)
    return low


def tilted(p: Any, strengths: Any) -> Any:
    """`p` (k,) tilted along the order of its bins by each strength (t,): (t, k)."""
    rank = np.cumsum(p) - p / 2
    exponent = np.multiply.outer(np.asarray(strengths), rank)
    weights = p * np.exp(exponent - exponent.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)

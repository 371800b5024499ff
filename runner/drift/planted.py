"""Shifts of known size, planted into the reference, and how often they are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.drift.search import up_to

TILTS = 200
WEAKEST, STRONGEST, FARTHEST = (
    1e-4,
    200.0,
    50.0,
)  # FARTHEST: times what the threshold takes


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


def tilted(p: Any, strengths: Any) -> Any:
    """`p` (k,) tilted along the order of its bins by each strength t (n,): (n, k).

    Each bin's share is multiplied by exp(t rank), an exponential tilt, and all by what makes their sum 1."""
    rank = np.cumsum(p) - p / 2
    exponent = np.multiply.outer(np.asarray(strengths), rank)
    weights = p * np.exp(exponent - exponent.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def growing(p: Any, effect: Callable[[Any], Any], threshold: float) -> Any:
    """`p` (k,) tilted ever more, (t, k): from where `effect` of the tilted (n, k) reaches the threshold, or
    from the strongest tilt where it never does."""

    def strength(share: Any) -> Any:
        return WEAKEST * (STRONGEST / WEAKEST) ** share

    first = strength(up_to(lambda share: effect(tilted(p, strength(share))) < threshold, ()))
    return tilted(p, first * (1 + np.concatenate([[0.0], np.geomspace(1e-4, FARTHEST, TILTS)])))

"""How far stated probabilities lie from observed frequencies, bin by bin.

Equal-width bins over [0, 1], as Naeini, Cooper and Hauskrecht (AAAI 2015) have them; for more than two
classes, as in Guo et al. (ICML 2017), of the most probable class: its probability against whether it was
right. Rows count by their weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.judge.measures.bins import place_of, stated
from runner.judge.metrics import value_of
from runner.judge.options import Options
from runner.judge.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin that has rows of any weight: its edges, mean probability, observed frequency, and rows."""

    low: float
    high: float
    predicted: float
    observed: float
    count: int


def reliability(predictions: Predictions, bins: int = 10) -> tuple[Bin, ...]:
    """The bins that have rows, in order; raises CannotCompute where predictions are not numbers."""
    import numpy as np

    predictions.require_finite()
    said, true = stated(predictions)
    place = place_of(said, bins)
    each = np.ones(len(place)) if predictions.weights is None else predictions.weights
    counts, weights = np.bincount(place, minlength=bins), np.bincount(place, weights=each, minlength=bins)
    sums = np.bincount(place, weights=said * each, minlength=bins)
    hits = np.bincount(place, weights=true * each, minlength=bins)
    return tuple(
        Bin(i / bins, (i + 1) / bins, float(sums[i] / weight), float(hits[i] / weight), int(counts[i]))
        for i, weight in enumerate(weights)
        if weight > 0
    )


def expected_calibration_error(predictions: Predictions, bins: int = 10) -> float:
    """The error in [0, 1]; raises CannotCompute where predictions are not probabilities."""
    return value_of("expected_calibration_error", predictions, Options(bins=bins))

"""How far stated probabilities lie from observed frequencies.

Expected calibration error, as Naeini, Cooper and Hauskrecht (AAAI 2015) define it: equal-width
bins over [0, 1], the absolute difference between mean probability and observed frequency in each,
weighted by the bin's count. For more than two classes it is taken, as in Guo et al. (ICML 2017), of
the most probable class: its probability against whether it was right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.predictions import BINARY, Predictions


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin that has rows: its edges, mean probability, observed frequency, and count."""

    low: float
    high: float
    predicted: float
    observed: float
    count: int


def reliability(predictions: Predictions, bins: int = 10) -> tuple[Bin, ...]:
    """The bins that have rows, in order; raises CannotCompute where predictions are not numbers."""
    import numpy as np

    predictions.require_finite()
    stated, came_true = _stated(predictions)
    place = np.clip((stated * bins).astype(int), 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=stated, minlength=bins)
    hits = np.bincount(place, weights=came_true, minlength=bins)
    return tuple(
        Bin(i / bins, (i + 1) / bins, float(sums[i] / n), float(hits[i] / n), int(n))
        for i, n in enumerate(counts)
        if n
    )


def expected_calibration_error(predictions: Predictions, bins: int = 10) -> float:
    """The error in [0, 1]; raises CannotCompute where predictions are not numbers."""
    found = reliability(predictions, bins)
    return sum(b.count * abs(b.predicted - b.observed) for b in found) / len(predictions)


def _stated(predictions: Predictions) -> tuple[Any, Any]:
    if predictions.task == BINARY:
        return predictions.scores.astype(float), predictions.y.astype(float)
    right = predictions.labels() == predictions.y
    return predictions.scores.max(axis=1).astype(float), right.astype(float)

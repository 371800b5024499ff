"""The median absolute error, whose influence needs the errors' density at the median.

It is estimated as the width of Woodruff's (1952) interval by that of its order statistics, as Price & Bonett
(2001) do for a median's standard error: no bandwidth has to be chosen.
"""

from __future__ import annotations

from typing import Any

from runner.judge.measures.segments import Influences, Segments, scaled
from runner.judge.measures.sorting import divided, split
from runner.judge.options import Options
from runner.judge.predictions import Predictions

WIDTH = 1.959963984540054  # the normal's 97.5th percentile


def median_absolute_error(p: Predictions, o: Options, s: Segments) -> Influences:
    """The weighted median of the absolute errors (n,), as scikit-learn has it: between two, their mean."""
    import numpy as np

    errors = abs(p.y - p.scores.astype(float, copy=False))
    found = [
        _median(errors[rows], None if p.weights is None else p.weights[rows])
        for rows in split(divided(errors.argsort(), s), s)
    ]
    value, sparsity = np.array(found).T
    side = np.sign(errors - s.spread(value)) / 2
    moved = scaled(side * s.spread(sparsity), p.weights, s, s.weigh(p.weights))
    return Influences(value, moved, side)


def _median(values: Any, weights: Any) -> tuple[float, float]:
    """The median of sorted values, and one over their density there; NaN of none."""
    import numpy as np

    if not len(values) or (weights is not None and not weights.any()):
        return np.nan, np.nan
    whole = np.arange(1.0, len(values) + 1) if weights is None else weights.cumsum()
    squares = len(values) if weights is None else (weights**2).sum()
    half = min(WIDTH / 2 * squares**0.5 / whole[-1], 0.5 - 0.5 / len(values))
    low, middle, high = (_quantile(values, whole, level) for level in (0.5 - half, 0.5, 0.5 + half))
    return middle, (high - low) / (2 * half) if half > 0 else np.nan


def _quantile(values: Any, whole: Any, level: float) -> float:
    """Hyndman & Fan's (1996) second definition, of weighted rows (averaged inverted distribution)."""
    import numpy as np

    wanted = level * whole[-1]
    place = min(int(whole.searchsorted(wanted)), len(values) - 1)
    above = min(place + 1, len(values) - 1)
    exact = whole[place] - wanted <= np.finfo(float).eps
    return float((values[place] + values[above]) / 2 if exact else values[place])

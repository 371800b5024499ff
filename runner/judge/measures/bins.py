"""Expected calibration error, on its own binned estimand.

With equal-width bins (Naeini, Cooper & Hauskrecht 2015; of the most probable class where there are more than
two: Guo et al. 2017) the estimate is sum(|D[b]|) / W, where D[b] is the sum of stated probability less what
came true over the rows of bin b. Its influence, and so its interval, is about the same sum over the
population's bins: no statement about calibration within a bin. It is biased upwards where a bin is nearly
calibrated, in a paired difference alike for both models (Roelofs et al. 2022).
"""

from __future__ import annotations

from typing import Any

from runner.judge.measures.segments import Influences, Segments, scaled
from runner.judge.options import BINS, Options
from runner.judge.predictions import BINARY, Predictions

MORE = 1 + 2**0.5  # times the excess that is seen, see `_excess`


def stated(p: Predictions) -> tuple[Any, Any]:
    """The probability (n,) that each row's prediction was given, and whether it came true (n,) as 0 or 1."""
    if p.task == BINARY:
        return p.scores.astype(float, copy=False), p.y.astype(float)
    return p.scores.max(axis=1).astype(float), (p.labels() == p.y).astype(float)


def place_of(said: Any, bins: int) -> Any:
    """The bin (n,) of each probability; the last one has 1 in it."""
    import numpy as np

    return np.clip((said * bins).astype(np.intp), 0, bins - 1)


def expected_calibration_error(p: Predictions, o: Options, s: Segments) -> Influences:
    """The mean distance of stated probability and observed frequency, bin by bin."""
    import numpy as np

    bins = o.bins or BINS
    said, true = stated(p)
    place = place_of(said, bins)
    gap = said - true
    sums = s.tally(place, bins, gap if p.weights is None else gap * p.weights)
    whole = s.weigh(p.weights)
    value = abs(sums).sum(axis=1) / whole
    slope = s.pick(np.sign(sums), place) * gap - s.spread(value)
    squares = s.tally(place, bins, gap * gap if p.weights is None else (gap * p.weights) ** 2)
    excess = _excess(sums, np.sqrt(squares)) / whole
    return Influences(value, scaled(slope, p.weights, s, whole), gap, excess=excess)


def _excess(sums: Any, errors: Any) -> Any:
    """How much too high the sum of |D| may be on average (parts,): of sums D of bins and their errors (parts,
    bins). Of independent rows.

    A sum that is truly t errors from 0 is |t| + 2 phi(t) - 2 |t| Phi(-|t|) errors from it on average (folded
    normal: Leone, Nelson & Nottingham 1961). At the t that is seen this is too little where the true one is
    near 0. At 0 itself it is sqrt(2 / pi), and what is seen 2 / sqrt(pi) - sqrt(2 / pi) on average: the ratio
    is 1 + sqrt(2), by which it is no longer too little there, and too much elsewhere."""
    import numpy as np
    from scipy.special import ndtr

    t = abs(np.divide(sums, errors, out=np.zeros_like(errors), where=errors > 0))
    density = np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    return MORE * (errors * (2 * density - 2 * t * ndtr(-t))).sum(axis=1)

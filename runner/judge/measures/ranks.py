"""The areas under the ROC and the precision-recall curve, of two classes.

area under the ROC curve    the placements of DeLong, DeLong & Clarke-Pearson (1988), by midranks
                            (Sun & Xu 2014): O(n log n), one sort, ties by half
average precision           sum over thresholds k of (recall[k] - recall[k-1]) * precision[k], as
                            scikit-learn has it (no interpolation); its derivative by the weight of a row
                            is its own precision, if positive, and what it adds to every lower threshold
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Influences, Segments, scaled
from runner.judge.measures.sorting import Sorted, sort
from runner.judge.predictions import Predictions

ONE_CLASS = "the rows have one class only"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One class against the rest: `up` (n,) says which rows are of it; sorted, with running sums (n,) of the
    weight of all rows, `every`, and of those of the class, `risen`."""

    up: Any
    weights: Any
    by: Sorted
    every: Any
    risen: Any
    each: Any
    ups: Any


def ranked(p: Predictions, s: Segments, label: int, column: int) -> Ranked:
    """Rows by the score of a column, and whether they are of the class `label`."""
    import numpy as np

    by = sort(p.order(column), p.column(column), s)
    up = p.y == label
    ups = up[by.rows].astype(float)
    if p.weights is None:
        each: Any = 1.0
        every = np.arange(1.0, len(up) + 1)
    else:
        each = p.weights[by.rows]
        ups, every = ups * each, each.cumsum()
    return Ranked(up, p.weights, by, every, ups.cumsum(), each, ups)


def roc_auc(r: Ranked, s: Segments) -> Influences:
    """The probability that a row of the class is above one that is not; influences as DeLong's placements."""
    import numpy as np

    first, last = r.by.before(r.risen), r.by.last(r.risen)
    lowest = r.by.before(r.every) - first
    positive, negative = last - first, r.by.last(r.every) - last - lowest
    risen_before, risen = r.by.ends(r.risen, r.ups)
    all_before, every = r.by.ends(r.every, r.each)
    up = (risen_before + risen) / 2  # ties by half
    below = ((all_before + every) / 2 - up - r.by.each(lowest)) / r.by.each(negative)
    above = (r.by.each(last) - up) / r.by.each(positive)
    place = r.by.back(np.where(r.up[r.by.rows], below, above))
    value = s.total(place * _weight(r)) / positive
    size = np.column_stack([negative, positive])
    slope = (place - s.spread(value)) / s.pick(size, r.up.astype(np.intp))
    moved = scaled(slope, r.weights, s, np.ones(s.parts))
    return Influences(value, moved, place).refuse((positive <= 0) | (negative <= 0), ONE_CLASS)


def average_precision(r: Ranked, s: Segments) -> Influences:
    """Precision averaged over the rows of the class, each at its own score as threshold."""
    import numpy as np

    last = r.by.last(r.risen)
    positive, whole = last - r.by.before(r.risen), r.by.last(r.every) - r.by.before(r.every)
    above = r.by.each(r.by.last(r.every)) - r.by.ends(r.every, r.each)[0]  # the weight from a row's score on
    share = np.divide(1, above, out=np.zeros_like(above), where=above > 0)
    exact = (r.by.each(last) - r.by.ends(r.risen, r.ups)[0]) * share
    rate, drop = _lower(r, share), _lower(r, exact * share)
    sorted_up = r.up[r.by.rows]
    gain = r.by.back(np.where(sorted_up, exact + rate, 0.0) - drop)
    precision = r.by.back(np.where(sorted_up, exact, 0.0))
    value = s.total(precision * _weight(r)) / positive
    moved = scaled(gain - np.where(r.up, s.spread(value), 0.0), r.weights, s, positive)
    return Influences(value, moved, gain).refuse((positive <= 0) | (positive >= whole), ONE_CLASS)


def _lower(r: Ranked, each: Any) -> Any:
    """The sum over rows of the class of a value (n,) of their threshold, from each row's own down."""
    values = each * r.ups
    running = values.cumsum()
    return r.by.ends(running, values)[1] - r.by.each(r.by.before(running))


def _weight(r: Ranked) -> Any:
    return r.up.astype(float) if r.weights is None else r.up * r.weights

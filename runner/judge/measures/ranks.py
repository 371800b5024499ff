"""The areas under the ROC and the precision-recall curve, of two classes.

area under the ROC curve    the placements of DeLong, DeLong & Clarke-Pearson (1988), by midranks
                            (Sun & Xu 2014): O(n log n), one sort, ties by half
average precision           sum over thresholds k of (recall[k] - recall[k-1]) * precision[k], as
                            scikit-learn has it (no interpolation); its derivative by the weight of a row
                            is its own precision, if positive, and what it adds to every lower threshold
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.judge.measures.segments import Influences, Segments
from runner.judge.measures.sorting import Ties, divided, split, ties_of
from runner.judge.predictions import Predictions

ONE_CLASS = "the rows have one class only"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rows of a segment by rising score: their positions `rows` (m,), whether they are of the class, `up`
    (m,), their `weights` (m,) or None, and which of their scores are equal."""

    rows: Any
    up: Any
    weights: Any
    ties: Ties

    def climbed(self) -> tuple[Any, Any, float, float]:
        """Running sums (m,) of the weight of the class and of all rows, and what both come to."""
        import numpy as np

        if self.weights is None:
            risen, every = self.up.cumsum(dtype=float), np.arange(1.0, len(self.up) + 1)
        else:
            risen, every = (self.up * self.weights).cumsum(), self.weights.cumsum()
        return (risen, every, float(risen[-1]), float(every[-1])) if len(risen) else (risen, every, 0.0, 0.0)

    @property
    def each(self) -> Any:
        """The weight of each row, one for all where they are alike."""
        return 1.0 if self.weights is None else self.weights

    @property
    def ups(self) -> Any:
        """The weight (m,) of each row of the class, 0 of the others."""
        return self.up * self.each


# A value, each row's derivative by its weight (m,), and what it carries (m,); None of one class only.
Climb = Callable[[Ladder], tuple[float, Any, Any] | None]


def over(climb: Climb, p: Predictions, s: Segments, label: int = 1, column: int = 0) -> Influences:
    """A metric of one class against the rest by the score of a column, in every segment."""
    import numpy as np

    n = len(p)
    found = Influences(np.full(s.parts, np.nan), np.empty(n), np.empty(n))
    for code, ladder in enumerate(ladders(p, s, label, column)):
        climbed = climb(ladder)
        if climbed is None:
            found.faults[code] = ONE_CLASS
            climbed = np.nan, np.nan, np.nan
        found.values[code], slope, found.carries[ladder.rows] = climbed
        if ladder.weights is not None:
            slope = slope * ladder.weights
        found.influence[ladder.rows] = slope * len(ladder.rows)
    return found


def ladders(p: Predictions, s: Segments, label: int, column: int) -> list[Ladder]:
    """Every segment's; those last made of two classes are kept for the next metric of the same segments."""
    kept = p.kept.get("ladders")
    if kept and kept[0].codes is s.codes and kept[0].count == s.count and kept[1] == (label, column):
        known: list[Ladder] = kept[2]
        return known
    rows, scores = divided(p.order(column), s), p.column(column)
    found = [_ladder(p, part, scores, label) for part in split(rows, s)]
    if p.scores.ndim == 1:
        p.kept["ladders"] = (s, (label, column), found)
    return found


def _ladder(p: Predictions, rows: Any, scores: Any, label: int) -> Ladder:
    weights = None if p.weights is None else p.weights[rows]
    return Ladder(rows, p.y[rows] == label, weights, ties_of(scores[rows]))


def roc_auc(ladder: Ladder) -> tuple[float, Any, Any] | None:
    """The probability that a row of the class is above one that is not; slopes by DeLong's placements."""
    import numpy as np

    risen, every, positive, whole = ladder.climbed()
    negative = whole - positive
    if positive <= 0 or negative <= 0:
        return None
    if ladder.ties.firsts is not None:  # else a row's own weight does not count
        risen = (ladder.ties.before(risen, ladder.ups) + ladder.ties.after(risen)) / 2  # ties by half
        every = (ladder.ties.before(every, ladder.each) + ladder.ties.after(every)) / 2
    every -= risen
    place, above = every, np.subtract(positive, risen, out=risen)
    place /= negative
    above /= positive
    np.copyto(place, above, where=~ladder.up)
    value = float(place.mean() if ladder.weights is None else (place * ladder.weights).sum() / whole)
    return value, (place - value) / np.where(ladder.up, positive, negative), place


def average_precision(ladder: Ladder) -> tuple[float, Any, Any] | None:
    """Precision averaged over the rows of the class, each at its own score as threshold."""
    import numpy as np

    risen, every, positive, whole = ladder.climbed()
    if positive <= 0 or positive >= whole:
        return None
    above = whole - ladder.ties.before(every, ladder.each)  # the weight from a row's score on
    share = np.divide(1, above, out=every, where=above > 0)  # above is 0 only of rows that weigh nothing
    exact = positive - ladder.ties.before(risen, ladder.ups)
    exact *= share
    share *= ladder.ups
    rate = ladder.ties.after(share.cumsum())
    share *= exact
    drop = ladder.ties.after(share.cumsum())
    value = float((exact if ladder.weights is None else exact * ladder.weights)[ladder.up].sum() / positive)
    rate += exact
    rate *= ladder.up
    rate -= drop
    return value, (rate - value * ladder.up) / positive, rate

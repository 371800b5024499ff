"""What a comparison will be like before its rows are there, from a few numbers and a stated model.

Labels: both models predict as many positives as there are, which makes every metric of the confusion matrix
a function of one number, the share of positives that are found. The models differ more on a class the harder
it is (in proportion to t (1 - t), t the share of it that is predicted right); a loss is made of rows that the
candidate has wrong and the champion right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from runner.judge.metrics import measured, value_of
from runner.judge.paired.power import Smooth
from runner.judge.predictions import BINARY, CannotCompute, Predictions

OF_LABELS = ("balanced_accuracy", "precision", "recall", "f1", "matthews_corrcoef")


@dataclass(frozen=True, slots=True)
class Losing:
    """A design whose variance depends on how large the true loss is, which is below `most`."""

    at: Callable[[float], Smooth]
    most: float

    def passes(self, rows: int, margin: float, alpha: float, loss: float = 0.0) -> float:
        return self.at(loss).passes(rows, margin, alpha, loss)

    def tells(self, rows: int, loss: float, alpha: float) -> float:
        return self.at(loss).tells(rows, loss, alpha)


@dataclass(frozen=True, slots=True)
class Labels:
    """Of two binary models: the metric, the champion's value of it, the share of positives, and of either
    class (positives, negatives) the share predicted right and the share on which the models differ."""

    metric: str
    expected: float
    positives: float
    right: tuple[float, float] = (0.0, 0.0)
    differ: tuple[float, float] = (0.0, 0.0)

    def cells(self, tilt: float = 0.0) -> Any:
        """The chances (2, 2, 2) of class (positive first), candidate right, champion right; `tilt` in [-1, 1]
        is how much more often it is the candidate that is wrong where they differ."""
        import numpy as np

        found = np.empty((2, 2, 2))
        shares = (self.positives, 1 - self.positives)
        for chance, share, right, differ in zip(found, shares, self.right, self.differ, strict=True):
            won, lost = differ * (1 - tilt) / 2, differ * (1 + tilt) / 2
            chance[:] = share * np.array([[1 - right - won, lost], [won, right - lost]])
        return found

    def lost(self, tilt: float) -> float:
        """How much worse the candidate is."""
        mine, theirs, _ = _models(self.cells(tilt))
        return value_of(self.metric, theirs) - value_of(self.metric, mine)

    def models(self, loss: float) -> tuple[Predictions, Predictions, Any]:
        """Candidate and champion on one row of each of the eight kinds, and how likely each kind is (8,).

        Raises CannotCompute for a loss that models which differ so seldom cannot have."""
        if loss >= self.lost(1.0):
            raise CannotCompute(f"models that differ this seldom cannot lose {loss:g} of {self.metric}")
        return _models(self.cells(_where(self.lost, loss, 0.0, 1.0) if loss else 0.0))


def of_labels(metric: str, expected: float, disagreement: float, positives: float) -> Losing:
    """The design of a metric of labels that differ on a share `disagreement` of the rows, of which a share
    `positives` is positive. Raises CannotCompute where no two models are like that."""
    design = labels(metric, expected, disagreement, positives)
    at = cache(lambda loss: _smooth(metric, *design.models(loss)))
    return Losing(at, design.lost(1.0) * (1 - 1e-9))


def labels(metric: str, expected: float, disagreement: float, positives: float) -> Labels:
    """Two models that are like that. Raises CannotCompute where there are none."""
    return _differing(_right(Labels(metric, expected, positives)), disagreement)


def _right(design: Labels) -> Labels:
    """With the shares predicted right at which the metric is what is expected."""

    def rated(found: float) -> Labels:
        others = 1 - (1 - found) * design.positives / (1 - design.positives)
        return Labels(design.metric, design.expected, design.positives, (found, others))

    chance, best = design.positives, 1 - 1e-9  # a model that knows nothing finds its share of predictions
    if not _value(rated(chance)) < design.expected < 1:
        raise CannotCompute(f"no model that knows something has a {design.metric} of {design.expected:g}")
    return rated(_where(lambda found: _value(rated(found)), design.expected, chance, best))


def _differing(design: Labels, disagreement: float) -> Labels:
    """With the shares on which the models differ; at most as if they erred independently."""
    most = tuple(2 * each * (1 - each) for each in design.right)
    independent = design.positives * most[0] + (1 - design.positives) * most[1]
    if not 0 < disagreement <= independent:
        raise CannotCompute(
            f"two models with a {design.metric} of {design.expected:g} that err independently differ on "
            f"{independent:.4f} of the rows: a disagreement of {disagreement:g} is more"
        )
    part = disagreement / independent
    differ = (part * most[0], part * most[1])
    return Labels(design.metric, design.expected, design.positives, design.right, differ)


def _smooth(metric: str, mine: Predictions, theirs: Predictions, chance: Any) -> Smooth:
    """The second and fourth moment of a row's influence on the difference, over the eight kinds of rows."""
    first, second = (measured(metric, p).influence for p in (mine, theirs))
    moved, counts = first - second, (first != 0) | (second != 0)
    each = moved[chance > 0] / (len(chance) * chance[chance > 0])
    square, fourth = (float((chance[chance > 0] * each**power).sum()) for power in (2, 4))
    carrying = float(chance[(mine.scores != theirs.scores) & counts].sum())
    return Smooth(square**0.5, fourth / square**2, carrying)


def _value(design: Labels) -> float:
    return value_of(design.metric, _models(design.cells())[1])


def _models(cells: Any) -> tuple[Predictions, Predictions, Any]:
    """Candidate and champion on one row of each kind, weighed by its chance."""
    import numpy as np

    other, mine, theirs = (each.ravel() for each in np.indices(cells.shape))
    y, chance = 1 - other, np.maximum(cells.ravel(), 0.0)
    said = (np.where(right == 1, y, 1 - y).astype(float) for right in (mine, theirs))
    candidate, champion = (Predictions(BINARY, y, each, weights=chance) for each in said)
    return candidate, champion, chance


def _where(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high

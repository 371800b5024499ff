"""What a model said about an evaluation table, in the one form that metrics take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Task = Literal["binary-classification", "multiclass-classification", "regression", "ranking"]
BINARY: Task = "binary-classification"
MULTICLASS: Task = "multiclass-classification"
REGRESSION: Task = "regression"
RANKING: Task = "ranking"
NUMBERS: tuple[Task, ...] = (REGRESSION, RANKING)  # whose scores are plain numbers, not probabilities
ROOM = 20_000_000  # scores of several classes whose orders are kept (8 bytes each)


class CannotCompute(Exception):
    """A value that a rule needs does not exist on these rows; the message is its cause."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Labels `y` and model output `scores` of the same rows.

    binary: y (n,) of 0 and 1, scores (n,) the probability of 1; multiclass: y (n,) positions in
    `classes`, scores (n, len(classes)) probabilities; regression: both (n,), in the label's unit; ranking:
    y (n,) relevance from 0 on, scores (n,), `query` (n,) integers that say which rows are ranked together.
    `weights` (n,) of the rows are finite, not negative and not all 0; None where each counts the same.
    `kept` is what metrics have worked out and the next one needs as well: the arrays must not change."""

    task: Task
    y: Any
    scores: Any
    classes: tuple[Any, ...] = ()
    weights: Any = None
    query: Any = None
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.y)

    def where(self, mask: Any) -> Predictions:
        """The same for the rows that a boolean mask, or an array of positions, selects."""
        weights, query = (None if each is None else each[mask] for each in (self.weights, self.query))
        return replace(self, y=self.y[mask], scores=self.scores[mask], weights=weights, query=query)

    def column(self, position: int = 0) -> Any:
        """The scores (n,), of one class where there are several."""
        return self.scores if self.scores.ndim == 1 else self.scores[:, position]

    def order(self, position: int = 0) -> Any:
        """The rows (n,) by rising score, sorted once for all metrics and slices, if there is room for it."""
        key = ("order", position)
        if key in self.kept:
            return self.kept[key]
        found = self.column(position).argsort()
        if self.scores.ndim == 1 or self.scores.size < ROOM:
            self.kept[key] = found
        return found

    def labels(self, threshold: float = 0.5) -> Any:
        """Predicted classes: binary 1 from `threshold` on, multiclass the most probable."""
        if self.task == BINARY:
            return (self.scores >= threshold).astype(int)
        return self.scores.argmax(axis=1)

    def is_of_one_class(self) -> bool:
        """Whether all rows that have any weight have the same label."""
        y = self.y if self.weights is None else self.y[self.weights > 0]
        return bool((y == y[:1]).all())

    def require_finite(self) -> None:
        """Raise CannotCompute unless there are rows, every prediction of them is a number and so is every
        weight, of which one at least is above 0."""
        import numpy as np

        if "finite" in self.kept:
            return
        if not len(self):
            raise CannotCompute("there are no rows")
        rows = np.isfinite(self.scores).reshape(len(self), -1).all(axis=1)
        if not rows.all():
            raise CannotCompute(f"{(~rows).sum():,} of {len(self):,} predictions are NaN or infinite")
        if self.weights is not None:
            require_weights(self.weights)
        self.kept["finite"] = True


def require_weights(weights: Any) -> None:
    """Raise CannotCompute where weights (n,) are none: not finite, negative, or all 0."""
    import numpy as np

    odd = ~(np.isfinite(weights) & (weights >= 0))
    if odd.any():
        raise CannotCompute(f"{odd.sum():,} of {len(weights):,} weights are negative, NaN or infinite")
    if not weights.any():
        raise CannotCompute("all weights are 0")

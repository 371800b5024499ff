"""What a model said about an evaluation table, in the one form that metrics take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Task = Literal["binary-classification", "multiclass-classification", "regression"]
BINARY: Task = "binary-classification"
MULTICLASS: Task = "multiclass-classification"
REGRESSION: Task = "regression"


class CannotCompute(Exception):
    """A value that a rule needs does not exist on these rows; the message is its cause."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Labels `y` and model output `scores` of the same rows.

    binary: y (n,) of 0 and 1, scores (n,) the probability of 1; multiclass: y (n,) positions in
    `classes`, scores (n, len(classes)) probabilities; regression: both (n,), in the label's unit."""

    task: Task
    y: Any
    scores: Any
    classes: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    def where(self, mask: Any) -> Predictions:
        """The same for the rows that a boolean mask selects."""
        return replace(self, y=self.y[mask], scores=self.scores[mask])

    def labels(self, threshold: float = 0.5) -> Any:
        """Predicted classes: binary 1 from `threshold` on, multiclass the most probable."""
        if self.task == BINARY:
            return (self.scores >= threshold).astype(int)
        return self.scores.argmax(axis=1)

    def require_finite(self) -> None:
        """Raise CannotCompute unless there are rows and every prediction of them is a number."""
        import numpy as np

        if not len(self):
            raise CannotCompute("there are no rows")
        rows = np.isfinite(self.scores).reshape(len(self), -1).all(axis=1)
        if not rows.all():
            raise CannotCompute(f"{(~rows).sum():,} of {len(self):,} predictions are NaN or infinite")

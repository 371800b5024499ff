"""A pilot: a table of both models' predictions, from which a later comparison's power is measured."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from runner.adapters.tables import read_frame
from runner.errors import UsageError
from runner.judge.metrics import METRICS
from runner.judge.options import Options
from runner.judge.paired.compare import Paired, compare
from runner.judge.paired.verdict import LEAST
from runner.judge.predictions import BINARY, RANKING, REGRESSION, CannotCompute, Predictions, Task


@dataclass(frozen=True, slots=True)
class Pilot:
    """Where the table lies and what its columns are called; `group` and `query` where it has such."""

    path: Path
    truth: str = "y_true"
    score: str = "y_score"
    champion: str = "champion_score"
    group: str | None = None
    query: str | None = None
    threshold: float | None = None

    def compared(self, metric: str, alpha: float) -> Paired:
        """Both models on the pilot's rows. Raises UsageError where a column lacks or is no number, or these
        rows say nothing of this metric; InfrastructureError for a table that cannot be read."""
        frame = read_frame(self.path, "the pilot")
        y, candidate, champion = (self._numbers(frame, n) for n in (self.truth, self.score, self.champion))
        query = None if self.query is None else self._codes(frame, self.query)
        groups = None if self.group is None else self._codes(frame, self.group)
        try:
            task = self._task(metric, y)
            mine, theirs = (
                Predictions(task, y.astype(int) if task == BINARY else y, said, query=query)
                for said in (candidate, champion)
            )
            options = Options(threshold=self.threshold)
            found = compare(metric, mine, theirs, alpha=alpha, options=options, groups=groups)
        except CannotCompute as error:
            raise UsageError(f"{metric} cannot be compared: {error}", where=str(self.path)) from None
        self._require_difference(metric, found.carrying)
        return found

    def _require_difference(self, metric: str, carrying: int) -> None:
        if carrying < LEAST:
            raise UsageError(
                f"{carrying} rows or clusters carry a difference of {metric}: fewer than {LEAST} say little",
                where=str(self.path),
                hint="a pilot of more rows, or of models that differ",
            )

    def _task(self, metric: str, y: Any) -> Task:
        tasks = METRICS[metric].tasks
        if self.query is not None and RANKING in tasks:
            return RANKING
        if BINARY in tasks and ((y == 0) | (y == 1)).all():
            return BINARY
        if REGRESSION in tasks:
            return REGRESSION
        raise CannotCompute(f"a pilot of {metric} has 0 and 1 in {self.truth!r}, or a query column for ndcg")

    def _numbers(self, frame: Any, name: str) -> Any:
        import numpy as np

        try:
            found = self._column(frame, name).to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise UsageError(f"the column {name!r} is not numeric", where=str(self.path)) from None
        if not np.isfinite(found).all():
            raise UsageError(f"the column {name!r} has NaN or infinite values", where=str(self.path))
        return found

    def _codes(self, frame: Any, name: str) -> Any:
        import pandas as pd

        try:
            return pd.factorize(self._column(frame, name), use_na_sentinel=False)[0]
        except TypeError:  # lists
            raise UsageError(f"the column {name!r} is not of plain values", where=str(self.path)) from None

    def _column(self, frame: Any, name: str) -> Any:
        names = [str(column) for column in frame.columns]
        if names.count(name) == 1:
            return frame.iloc[:, names.index(name)]
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names[:10])}"
        raise UsageError(f"there is not one column {name!r}", where=str(self.path), hint=hint)

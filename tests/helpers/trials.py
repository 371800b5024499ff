"""A trial of a model that is a function, for the tests of rules that ask it again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runner.judge.criteria import Criteria
from runner.judge.evaluation import Evaluation
from runner.judge.part import Part
from runner.judge.predictions import BINARY, REGRESSION, Predictions
from runner.judge.subject import Subject
from runner.judge.trial import Bench, Trial
from runner.model import Check

FEATURES = ("a", "b", "code")


@dataclass(frozen=True)
class Function:
    """Scores of a matrix (n, features) by a function of it."""

    say: Callable[[Any], Any]

    def scores(self, matrix: Any, task: str, classes: int = 2) -> Any:
        return np.asarray(self.say(matrix), dtype=float)


def features(rows: int = 400, seed: int = 1) -> pd.DataFrame:
    """a and b are normal, code is one of 0 to 4."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 2)).astype(np.float32), columns=["a", "b"])
    return frame.assign(code=rng.integers(0, 5, rows).astype(np.float32))


@dataclass(frozen=True)
class _WithChampion(Trial):
    """A trial whose champion's answers are known."""

    told: Predictions | None = None

    @property
    def champion(self) -> Predictions:
        return self.told or super().champion


def trial_of(
    say: Callable[[Any], Any] | None, rules: dict[str, Any], *, task: str = BINARY, y: Any = None,
    frame: pd.DataFrame | None = None, classes: tuple[Any, ...] = (0, 1), champion: Any = None,
    root: Path = Path(),
) -> Trial:  # fmt: skip
    """Rules over a function's answers to `frame`; `champion` are another model's scores of the same rows."""
    frame = features() if frame is None else frame
    matrix = frame[list(FEATURES)].to_numpy(np.float32)
    y = (matrix[:, 0] > 0).astype(int) if y is None else y
    known = () if task == REGRESSION else classes
    table = Evaluation(frame, matrix, y, known, "")
    criteria = Criteria.model_validate({"version": 1, "task": task, **rules})
    model = Function(say or (lambda rows: np.full(len(rows), 0.5)))
    said = Predictions(criteria.task, y, model.scores(matrix, task), known)
    bench = Bench(criteria, table, Path(sys.executable), root=root, features=FEATURES)
    subject = Subject((), model if say else None, said, 1)  # type: ignore[arg-type]
    other = None if champion is None else Predictions(criteria.task, y, champion, known)
    return _WithChampion(bench, subject, told=other)


def checks_of(part: Part, trial: Trial) -> dict[str, Check]:
    """A part's checks by id; asserts that they are those that were due."""
    found = list(part.checks(trial))
    assert [check.id for check in found] == list(part.ids(trial.bench))
    return {check.id: check for check in found}

"""A candidate on trial: what is known before it speaks (`Bench`), and with what it said (`Trial`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner.judge.champion import ChampionFile, Opened, opened_champion
from runner.judge.onnx_model import Scorer
from runner.judge.predictions import CannotCompute, Predictions

if TYPE_CHECKING:
    from runner.judge.criteria import Criteria
    from runner.judge.evaluation import Evaluation
    from runner.judge.subject import Subject

T = TypeVar("T")


@dataclass(frozen=True)
class Bench:
    """What rules may look at before the model speaks. `table` is None where it cannot be read; `champion` and
    `reference` are files, None where none is named; `python` is the solution's interpreter, `root` its
    folder, `features` the names of the matrix's columns, `row_id` the column that names rows, `trusted` the
    types that a skops file may hold beside the reviewed ones."""

    criteria: Criteria
    table: Evaluation | None
    python: Path
    champion: ChampionFile | None = None
    reference: Path | None = None
    root: Path = Path()
    features: tuple[str, ...] = ()
    row_id: str | None = None
    trusted: tuple[str, ...] = ()

    @property
    def evaluation(self) -> Evaluation:
        """The table of a trial: there is none without it."""
        assert self.table is not None  # noqa: S101
        return self.table


@dataclass(frozen=True)
class Trial:
    """A bench and a subject that gave predictions. What several rules need is computed once."""

    bench: Bench
    subject: Subject
    _known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """What a kind of rule found, computed when it is first asked for: checks, plots, tables and facts
        show the same."""
        if key not in self._known:
            self._known[key] = compute()
        found: T = self._known[key]
        return found

    @property
    def criteria(self) -> Criteria:
        return self.bench.criteria

    @property
    def predictions(self) -> Predictions:
        """The candidate's."""
        assert self.subject.predictions is not None  # noqa: S101  the caller has looked
        return self.subject.predictions

    @property
    def champion(self) -> Predictions:
        """The champion's predictions of the same rows. Raises CannotCompute where there are none,
        FirstRelease where the criteria allow that: `runner.judge.champion` has a check for both."""
        return self._champion.predictions

    @cached_property
    def is_champion(self) -> bool:
        """Whether the candidate is the champion: the same bytes, which said the same of every row. So nothing
        is estimated: what is compared is one thing. False where there is no champion."""
        bench, mine = self.bench, self.subject.sha256
        if bench.champion is None or not mine or isinstance(self._opened, CannotCompute):
            return False
        theirs, scores = self._opened.said.scores, self.predictions.scores
        return bench.champion.digest() == mine and bool((theirs == scores).all())

    @property
    def champion_model(self) -> Scorer:
        """The champion itself; raises as `champion` does."""
        return self._champion.model

    @property
    def _champion(self) -> Opened:
        if isinstance(self._opened, CannotCompute):
            raise self._opened
        return self._opened

    @cached_property
    def _opened(self) -> Opened | CannotCompute:
        try:
            return opened_champion(self.bench)
        except CannotCompute as error:
            return error

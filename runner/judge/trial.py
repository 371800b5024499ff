"""A candidate on trial: what is known before it speaks (`Bench`), and with what it said (`Trial`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner.judge.latency import percentiles
from runner.judge.onnx_model import Unusable, WrongModel, open_model
from runner.judge.predictions import CannotCompute, Predictions

if TYPE_CHECKING:
    from runner.judge.criteria import Criteria
    from runner.judge.evaluation import Evaluation
    from runner.judge.subject import Subject

FEW_REPEATS = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Bench:
    """What rules may look at before the model speaks. `table` is None where it cannot be read; `champion` and
    `reference` are files, None where none is named; `python` is the solution's interpreter, `root` its
    folder, `features` the names of the matrix's columns."""

    criteria: Criteria
    table: Evaluation | None
    python: Path
    champion: Path | None = None
    reference: Path | None = None
    root: Path = Path()
    features: tuple[str, ...] = ()

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
        """The champion's predictions of the same rows; raises CannotCompute where there are none."""
        if isinstance(self._champion, CannotCompute):
            raise self._champion
        return self._champion

    @cached_property
    def _champion(self) -> Predictions | CannotCompute:
        try:
            return _scored(self.bench)
        except CannotCompute as error:
            return error

    @cached_property
    def latency(self) -> dict[str, float] | CannotCompute:
        """Percentiles in milliseconds, or why there are none; few repeats where no rule asks for any."""
        rule, model = self.criteria.latency, self.subject.model
        assert model is not None  # noqa: S101  it gave predictions
        try:
            return percentiles(model, self.bench.evaluation.matrix, rule.repeats if rule else FEW_REPEATS)
        except CannotCompute as error:
            return error


def _scored(bench: Bench) -> Predictions:
    if bench.champion is None or not bench.champion.is_file():
        raise CannotCompute(f"no champion at {bench.champion.name if bench.champion else 'any path'}")
    table, task = bench.evaluation, bench.criteria.task
    try:
        model = open_model(bench.champion.read_bytes(), table.matrix.shape[1], task)
        scores: Any = model.scores(table.matrix, task, len(table.classes))
    except (Unusable, WrongModel) as error:
        raise CannotCompute(f"the champion cannot be used: {error}") from None
    return table.predictions(task, scores)

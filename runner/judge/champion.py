"""The champion: the model that the candidate is compared with, as a file, or why there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.judge.onnx_model import Scorer, Unusable, WrongModel
from runner.judge.predictions import CannotCompute, Predictions
from runner.judge.subject import outputs_fault
from runner.judge.subject_files import open_file
from runner.model import Check, Status

if TYPE_CHECKING:
    from runner.judge.trial import Bench

FIRST = "first release: nothing to compare with"


class FirstRelease(CannotCompute):
    """Nothing was ever released, so there is no champion; the criteria allow that."""


@dataclass(frozen=True, slots=True)
class ChampionFile:
    """`path` is None where there is none: `why`, and whether it is the `first` release, which the criteria
    allow. `facts`, for the manifest: where it comes from (environment, release, version). `sha256`: that of
    the bytes it has to be, '' where any are fine. `serve` starts the container that serves it, for as long as
    the candidate is judged; None where there is none."""

    path: Path | None
    why: str = ""
    first: bool = False
    sha256: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    serve: Callable[[], Scorer] | None = None

    def read(self) -> bytes:
        """Its bytes. Raises FirstRelease or CannotCompute where there are none."""
        if self.first:
            raise FirstRelease(FIRST)
        if self.path is None:
            raise CannotCompute(self.why or "no champion is named")
        try:
            data = self.path.read_bytes()
        except OSError:
            raise CannotCompute(f"no champion at {self.path.name}") from None
        if self.sha256 and hashlib.sha256(data).hexdigest() != self.sha256:
            raise CannotCompute(f"the champion's file is not sha256 {self.sha256[:12]}")
        return data

    def digest(self) -> str:
        """The sha256 of its bytes, '' where there are none."""
        try:
            return hashlib.sha256(self.read()).hexdigest()
        except CannotCompute:
            return ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The champion, and what it `said` of the evaluation's rows; `fault`: why that is no answer."""

    model: Scorer
    said: Predictions
    fault: str = ""

    @property
    def predictions(self) -> Predictions:
        """Raises CannotCompute for answers that are none: to be better than those shows nothing."""
        if self.fault:
            raise CannotCompute(f"the champion cannot be used: {self.fault}")
        return self.said


def opened_champion(bench: Bench) -> Opened:
    """Ask the champion the candidate's questions. Raises CannotCompute where there is none to ask."""
    if bench.champion is None:
        raise CannotCompute("no champion is named")
    data, table, task = bench.champion.read(), bench.evaluation, bench.criteria.task
    try:
        model = open_file(data, bench.champion.path.name if bench.champion.path else "", bench)
        scores: Any = model.scores(table.matrix, task, len(table.classes))
    except (Unusable, WrongModel) as error:
        raise CannotCompute(f"the champion cannot be used: {error}") from error
    said = table.predictions(task, scores)
    return Opened(model, said, outputs_fault(said))


def itself(id: str, limit: str, *, passes: bool = True) -> Check:
    """A comparison of the champion with itself: no estimate, but the same bytes that said the same."""
    words = "the candidate is the champion: the same bytes, the same answers"
    if passes:
        return Check(id, Status.PASSED, measured=words, limit=limit)
    return Check(id, Status.FAILED, cause=f"{words}; it is no better", measured=words, limit=limit)


def without_champion(id: str, error: CannotCompute, what: str, limit: str = "") -> Check:
    """A check that needs a champion where there is none: ERROR, but SKIPPED for an allowed first release."""
    if isinstance(error, FirstRelease):
        return Check(id, Status.SKIPPED, cause=f"{FIRST} (first_release: allow)", limit=limit)
    return Check(id, Status.ERROR, cause=f"{what}: {error}", limit=limit)

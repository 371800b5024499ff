"""What earlier runs knew of a data stage's tables, found before the stage starts.

    history -> the last runs that passed -> handed to the stage, which has no rights to read a history

What is found there was written by runner/remembering.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runner.config.schema import DataStage, Solution
from runner.errors import LockgateError
from runner.history.history import History
from runner.model import NOT_HANDED, Earlier, EarlierRun
from runner.numbering import Numbering, open_history
from runner.text import one_line

# What a data stage of this name is handed.
EarlierOf = Callable[[str, DataStage], Earlier]
NO_HISTORY = "this run has no history: name one (`history:` in lockgate.yml, or LOCKGATE_HISTORY)"


def not_handed(name: str, stage: DataStage) -> Earlier:
    """For who has no history to ask."""
    return NOT_HANDED


def earlier_by(numbering: Numbering | None) -> EarlierOf:
    """From the history that numbers the run's components, where it has one."""
    return _unknown(NO_HISTORY) if numbering is None else _from(numbering.history)


def earlier_here(root: Path, solution: Solution, *, real: bool, sandbox: str = "") -> EarlierOf:
    """From the solution's history, for who numbers nothing."""
    try:
        return _from(open_history(root, solution, real=real, sandbox=sandbox))
    except LockgateError as error:
        return _unknown(one_line(f"{error.what} ({error.hint})"))


def wanted(stage: DataStage) -> int:
    """How many earlier runs a data stage looks at."""
    tables = stage.tables.values()
    volumes = (table.volume.runs for table in tables if table.volume)
    return max((*volumes, *(1 for table in tables if table.partitions == "changed")), default=0)


def _from(history: History) -> EarlierOf:
    def earlier(name: str, stage: DataStage) -> Earlier:
        count = wanted(stage)
        try:
            runs = history.earlier(name, count) if count else ()
            return Earlier(tuple(map(_slim, range(count), runs)))
        except LockgateError as error:
            return Earlier(unknown=one_line(f"the earlier runs cannot be read: {error.what} ({error.where})"))

    return earlier


def _unknown(why: str) -> EarlierOf:
    return lambda name, stage: Earlier(unknown=why)


def _slim(age: int, run: EarlierRun) -> EarlierRun:
    """Files are told of the newest run alone: of a hundred runs they would be a job of many megabytes."""
    if age == 0:
        return run
    return replace(run, tables={name: replace(facts, files={}) for name, facts in run.tables.items()})

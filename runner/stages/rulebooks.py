"""The files of rules that stages judge by, read before anything is trained or built for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from runner.config.schema import DataStage, ModelStage, Solution
from runner.errors import ConfigError, Problem
from runner.judge.reading import read_criteria
from runner.stages.tables.suite import read_suite


def require_readable(root: Path, solution: Solution, only: tuple[str, ...] = ()) -> None:
    """Raise ConfigError with every problem of the criteria and suites that are there.

    One that is not there may still be made by a prepare step: its stage says so."""
    found: list[Problem] = []
    for name, read in _readers(root, solution, only):
        try:
            if (root / name).is_file():
                read()
        except ConfigError as error:
            found += error.problems
    if found:
        raise ConfigError(found)


def _readers(
    root: Path, solution: Solution, only: tuple[str, ...]
) -> Iterator[tuple[str, Callable[[], object]]]:
    for name, stage in solution.stages.items():
        if only and name not in only:
            continue
        if isinstance(stage, ModelStage):
            yield stage.criteria, partial(read_criteria, root, stage.criteria)
        elif isinstance(stage, DataStage):
            for table, asked in stage.tables.items():
                yield asked.suite, partial(read_suite, root, asked.suite, table)

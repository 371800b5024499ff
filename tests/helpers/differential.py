"""Tables and suites by seed, judged by Great Expectations and by what is compiled; where they differ.

A case is one expectation over one table (helpers/made_tables.py, helpers/made_suites.py).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.explained import Difference, with_columns
from helpers.made_suites import suite_of
from helpers.made_tables import write_table
from helpers.sameness import same

from runner.adapters.tables import read_frame
from runner.errors import InfrastructureError
from runner.expect.columns import Column
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import Planned, answers
from runner.stages.tables.answering import planned
from runner.stages.tables.engine import Answers, _ask, _by_id, build, great_expectations
from runner.stages.tables.suite import Suite
from runner.text import reason


@dataclass(frozen=True)
class Case:
    """A table (Parquet) and its suite."""

    seed: int
    path: Path
    suite: Suite


def case_of(seed: int, folder: Path, expectations: int = 16) -> Case:
    """The case of a seed, always the same one."""
    dice = random.Random(seed)  # noqa: S311
    path = folder / f"{seed}.parquet"
    kinds, rows = write_table(dice, path)
    return Case(seed, path, suite_of(dice, kinds, rows, expectations))


@dataclass(frozen=True)
class Compared:
    """What became of a case: its compiled answers, why what is left, and where the two differ."""

    answers: Mapping[str, tuple[str, Any]]
    left: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]


def compared(case: Case) -> Compared:
    """Answer what is compiled, and ask Great Expectations the same."""
    columns = _columns(case.path)
    intent = planned(case.suite, columns)
    ours, why = _ours(intent, case.path)
    types = {e.id: e.type for e in case.suite.expectations}
    left = tuple((types[id], why) for id, why in {**intent.left, **why}.items())
    told = {id: (types[id], answer) for id, answer in ours.items()}
    if not ours or isinstance(columns, Uncompiled):
        return Compared(told, left, ())
    asked = replace(case.suite, expectations=tuple(e for e in case.suite.expectations if e.id in ours))
    theirs = _theirs(case.path, asked)
    found = _differences(replace(case, suite=asked), ours, theirs)
    return Compared(told, left, tuple(with_columns(each, case.path) for each in found))


def _columns(path: Path) -> Mapping[str, Column] | Uncompiled:
    try:
        return columns_of(path)
    except Uncompiled as why:
        return why


def _theirs(path: Path, suite: Suite) -> Answers:
    """As engine.validate, but without the expectations' sentences, which take as long as their answers."""
    try:
        built = [build(e) for e in suite.expectations]
        document = _ask(great_expectations(), read_frame(path, path.name), suite, "t", built)
    except Exception as error:  # what is compiled, it has to be able to ask
        return Answers({}, {}, {e.id: reason(error) for e in suite.expectations}, {})
    return Answers(_by_id(document, suite), {}, {}, document)


def _ours(intent: Planned, path: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The compiled answers; or where DuckDB cannot compute one of them, which leaves all, its complaint."""
    try:
        return (answers(intent, DuckTable.of(path, threads=1)) if intent.compiled else {}), {}
    except InfrastructureError as error:
        return {}, dict.fromkeys(intent.compiled, reason(error))


def _differences(case: Case, ours: Mapping[str, Any], theirs: Answers) -> Iterator[Difference]:
    for e in case.suite.expectations:
        other = theirs.results.get(e.id) or {"errors": theirs.errors.get(e.id)}
        success, result = ours[e.id]
        mine = {"success": success, "result": dict(result)}
        his = {"success": other.get("success"), "result": other.get("result")}
        if _raised(other) or not same(mine, his):
            yield Difference(case.seed, e.type, e.kwargs, mine, his | {"raised": _raised(other)})


def _raised(result: Mapping[str, Any]) -> str:
    info = result.get("exception_info") or {}
    nested = [i for i in (info, *info.values()) if isinstance(i, Mapping) and i.get("raised_exception")]
    return str(nested[0].get("exception_message")) if nested else ""

"""What of a data stage is compiled, and what is left to Great Expectations, said before it runs.

Nothing is fetched, and no table is read but for its schema.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.schema import DataStage
from runner.errors import InfrastructureError
from runner.expect.compilers import why_left
from runner.expect.sentences import SEVERITIES
from runner.sources.databases import Databases
from runner.sources.opening import glanced
from runner.stages.tables.answering import ODD, planned
from runner.stages.tables.reading import ON_SPARK
from runner.stages.tables.suite import Expectation, Suite, read_suites
from runner.stages.variables import taken

UNKNOWN = "its columns are not known yet"


@dataclass(frozen=True, slots=True)
class Explained:
    """A table's expectations by their checks' ids. `note`, where there is one, says why the columns are not
    known: then `compiled` is by type alone, and may yet be left. `scanned`: bytes of a database's table."""

    source: str
    compiled: tuple[str, ...]
    left: Mapping[str, str]
    note: str = ""
    scanned: int | None = None

    def data(self) -> dict[str, Any]:
        """The machine form."""
        told = {"source": self.source, "compiled": list(self.compiled), "left": dict(self.left)}
        size = {} if self.scanned is None else {"bytes": self.scanned}
        return {**told, "columns_known": not self.note, "note": self.note, **size}


def explained(root: Path, stage: DataStage) -> dict[str, Explained]:
    """Every table of a stage by its name. Raises ConfigError with every problem of its suites, UsageError
    for a table that may not be read."""
    suites = read_suites(root, {name: source.suite for name, source in stage.tables.items()})
    if stage.engine == "spark":
        return {name: _on_spark(source.source, suites[name]) for name, source in stage.tables.items()}
    with closing(Databases(stage.connections, taken(stage, os.environ))) as databases:
        return {
            name: _table(root, source.source, suites[name], databases)
            for name, source in stage.tables.items()
        }


def _on_spark(source: str, suite: Suite) -> Explained:
    return Explained(source, (), {e.id: ON_SPARK for e in suite.expectations})


def _table(root: Path, source: str, suite: Suite, databases: Databases) -> Explained:
    if databases.has(source):
        return _there(source, suite, databases)
    if source.startswith("s3://"):
        return _by_type(source, suite, f"{UNKNOWN}: it lies in S3")
    try:
        intent = planned(suite, glanced(root, source))
    except InfrastructureError as error:
        return _by_type(source, suite, f"{UNKNOWN}: {error.what}")
    return Explained(source, tuple(intent.compiled), intent.left)


def _there(source: str, suite: Suite, databases: Databases) -> Explained:
    """A database's table, whose schema and size cost nothing; AWS is not asked for a plan."""
    try:
        table = databases.table(source)
        if table is None:
            return _by_type(source, suite, f"{UNKNOWN}: the catalogue is asked when it runs")
        intent, asked = planned(suite, table.columns()), table.asked()
        size = table.size()
    except InfrastructureError as error:
        return _by_type(source, suite, f"{UNKNOWN}: {error.what}")
    unsaid = {id: why for id, each in intent.compiled.items() if (why := asked.unsaid(each.asks))}
    compiled = tuple(id for id in intent.compiled if id not in unsaid)
    return Explained(source, compiled, {**intent.left, **unsaid}, scanned=size)


def _by_type(source: str, suite: Suite, note: str) -> Explained:
    left = {e.id: why for e in suite.expectations if (why := _never(e))}
    return Explained(source, tuple(e.id for e in suite.expectations if e.id not in left), left, note)


def _never(e: Expectation) -> str:
    """Why an expectation is not compiled over any table, or ''."""
    return why_left(e.type) or ("" if e.config.get("severity") in SEVERITIES else ODD)

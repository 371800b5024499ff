"""What a history is told of a run that has ended: its verdict, and the tables that it judged.

The manifest has both already, so that what cannot be written here undoes nothing; it is said.
"""

from __future__ import annotations

import sys

from runner.adapters.output import say
from runner.errors import LockgateError
from runner.history.history import History
from runner.model import Judged, StageResult, Status, TableFacts
from runner.numbering import Numbering
from runner.report.record import RunRecord


def remember(record: RunRecord, numbering: Numbering) -> None:
    """The verdict of a complete run, and the tables of one that passed, in the history."""
    try:
        if record.complete:
            numbering.judge(record)
        keep_tables(record, numbering.history)
    except LockgateError as error:
        say(sys.stderr, f"the run is not in the history, only in its manifest: {error}")


def keep_tables(record: RunRecord, history: History) -> None:
    """The tables of every data stage of a run that passed, complete or not: what a table was in a run that
    somebody had to repair says nothing of what it should be. Raises InfrastructureError."""
    if record.verdict.status is not Status.PASSED:
        return
    for result in record.results:
        if tables := _tables(result):
            history.judged_tables(result.name, record.run_id, record.commit, tables)


def _tables(result: StageResult) -> dict[str, TableFacts]:
    if result.kind != "data" or result.status is not Status.PASSED or result.report is None:
        return {}
    return {each.name: _facts(each) for each in result.report.judged if each.kind == "data"}


def _facts(judged: Judged) -> TableFacts:
    told = judged.facts
    return TableFacts(
        str(told.get("source", "")), judged.sha256, int(told.get("rows", 0)), dict(told.get("columns") or {}),
        dict(told.get("files") or {}), str(told.get("partitions", "all")),
    )  # fmt: skip

"""What a data stage is told of earlier runs: which runs count, what of them, and what is no history."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import sample_runs as sample
from helpers.histories import HOWS, Faulty, Killed, Memory, history
from helpers.tiny import CONFIG

from runner import wire
from runner.config.schema import DataStage, Solution
from runner.earlier import NO_HISTORY, earlier_by, earlier_here, wanted
from runner.errors import InfrastructureError
from runner.model import Earlier, Judged, Status, Step, TableFacts, Verdict
from runner.numbering import Numbering
from runner.remembering import keep_tables, remember
from runner.report.record import RunRecord
from runner.stages.child import Handover
from runner.steps import Steps

FACTS = TableFacts("t.parquet", "d" * 64, 7, {"a": "int64"}, {"p=1/x.parquet": "e" * 64}, "changed")
PASSED = Verdict(Status.PASSED, "all passed")


def stage(**table: Any) -> DataStage:
    tables = {"t": {"source": "t.parquet", "suite": "s.json", **table}}
    return DataStage.model_validate({"kind": "data", "tables": tables})


def record(run_id: str = "r1", status: Status = Status.PASSED, rows: int = 7) -> RunRecord:
    facts = {"source": "t.parquet", "rows": rows, "columns": {"a": "int64"}, "partitions": "changed"}
    judged = Judged("data", "t", "d" * 64, {**facts, "files": dict(FACTS.files)})
    result = sample.stage("data", (), status, judged=(Judged("suite", "s", "f" * 64), judged))
    return replace(sample.passing(), run_id=run_id, results=(result,), verdict=PASSED, complete=False)


def by(at: Any) -> Any:
    return earlier_by(Numbering(at, "r9", lambda: pytest.fail("nobody asks who")))


def test_a_run_that_passed_tells_its_tables_to_the_next() -> None:
    at = history()
    keep_tables(record(), at)
    (run,) = by(at)("data", stage(volume={})).runs
    assert (run.run_id, run.when, run.tables) == ("r1", "2026-11-22T12:00:00+00:00", {"t": FACTS})


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.SKIPPED])
def test_no_other_run_counts_nor_another_stage(status: Status) -> None:
    at = history()
    keep_tables(replace(record(), verdict=Verdict(status, "")), at)
    keep_tables(record(status=status), at)
    keep_tables(replace(record(), results=(sample.stage("unit", ()),)), at)
    assert at.earlier("data", 10) == () == at.earlier("other", 10)


def test_the_newest_come_first_no_more_than_asked_and_files_of_the_newest_alone() -> None:
    at = history()
    for n in range(1, 6):
        keep_tables(record(f"r{n}", rows=n), at)
    runs = by(at)("data", stage(volume={"runs": 3})).runs
    assert [(r.run_id, r.tables["t"].rows, bool(r.tables["t"].files)) for r in runs] == [
        ("r5", 5, True),
        ("r4", 4, False),
        ("r3", 3, False),
    ]


def test_a_data_stage_is_handed_it_and_no_other_stage(tmp_path: Path) -> None:
    at = history()
    keep_tables(record(), at)
    config = {**CONFIG, "stages": {**CONFIG["stages"], "data": stage(volume={}).model_dump()}}
    steps = Steps(tmp_path, tmp_path / "run", "r9", Solution.model_validate(config), {}, earlier=by(at))
    given = {name: steps.for_stage(Step("stage", name), Handover("r9", "", {})) for name in ("data", "unit")}
    assert given["data"].earlier.runs == at.earlier("data", 10)
    assert given["unit"].earlier.unknown == "the earlier runs were not handed to the stage"


def test_only_who_asks_costs_a_look() -> None:
    assert wanted(stage()) == 0 and wanted(stage(partitions="changed")) == 1
    assert wanted(stage(partitions="changed", volume={"runs": 4})) == 4
    assert by(None)("data", stage()) == Earlier()  # type: ignore[arg-type]


def test_a_history_that_cannot_be_read_is_not_one_that_is_empty() -> None:
    memory = Memory()
    keep_tables(record(), history(memory))
    memory.held["tables/data/00000001.json"] = b"{"
    found = by(history(memory))("data", stage(volume={}))
    assert found.runs == () and "cannot be read" in found.unknown
    assert by(history(Memory()))("data", stage(volume={})) == Earlier()


def test_no_history_is_said_and_so_is_one_that_may_not_be_used(tmp_path: Path) -> None:
    assert earlier_by(None)("data", stage(volume={})).unknown == NO_HISTORY
    solution = Solution.model_validate(CONFIG)
    assert "until their history is named" in earlier_here(tmp_path, solution, real=True)("d", stage()).unknown
    assert earlier_here(tmp_path, solution, real=False)("data", stage(volume={})) == Earlier()


def test_a_history_that_cannot_be_written_is_said_and_undoes_nothing(capsys: Any) -> None:
    remember(record(), Numbering(history(Faulty(Memory(), 1, "refused")), "r1", lambda: pytest.fail("no")))
    assert "not in the history" in capsys.readouterr().err


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("how", HOWS)
def test_a_write_that_goes_wrong_leaves_one_record_of_a_run_or_none(how: str, nth: int) -> None:
    memory = Memory()
    for _ in range(2):
        with suppress(InfrastructureError, Killed):
            keep_tables(record(), history(Faulty(memory, nth, how)))
    keep_tables(record(), history(memory))
    assert [run.run_id for run in history(memory).earlier("data", 10)] == ["r1"]


def test_the_handover_carries_it_to_the_stage(tmp_path: Path) -> None:
    at = history()
    keep_tables(record(), at)
    told = Handover("r1", "", {}, earlier=by(at)("data", stage(volume={})))
    wire.save(tmp_path / "job.json", told)
    assert wire.load(tmp_path / "job.json", Handover).earlier == told.earlier != Earlier()

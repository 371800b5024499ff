"""A spread run is PASSED only if its plan, its endings and its orchestrator's word are there and agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from helpers import remotes
from helpers.histories import history
from helpers.remotes import PASSED, REPORT, leave
from helpers.spread_runs import BEFORE, SpreadRun

from runner.errors import InfrastructureError, LockgateError, UsageError
from runner.history.history import History, Origin
from runner.model import Check, StageResult, Status
from runner.numbering import Numbering
from runner.remote.job import ending_key
from runner.remote.store import FolderStore, Store
from runner.spread import PLAN, conclude, job_of, prepare
from runner.tasks import _words

BAD = replace(PASSED, status=Status.FAILED, cause="assert 1 == 2")
FAILED = replace(REPORT, status=Status.FAILED, checks=(BAD,), cause=BAD.cause)


@pytest.fixture
def run(tmp_path: Path) -> SpreadRun:
    return SpreadRun(tmp_path).prepared()


def test_where_all_agree_it_passes(run: SpreadRun) -> None:
    leave(run.store)
    record = run.conclude()
    assert (record.verdict.status, run.status) == (Status.PASSED, "PASSED")
    assert run.manifest["run_id"] == run.name
    place = f"report/{record.manifest_sha256}"
    assert {f"{place}/result.json", f"{place}/report.html", f"{place}/junit/unit.xml"} <= set(run.files())


def test_a_failure_that_its_task_says_is_a_failure(run: SpreadRun) -> None:
    leave(run.store, FAILED, code=1)
    assert run.conclude({"unit": "FAILED"}).verdict.status is Status.FAILED
    assert run.status == "FAILED"
    assert "assert 1 == 2" in run.manifest["verdict"]["reason"]


@pytest.mark.parametrize(
    "words",
    [{}, {"unit": "FAILED"}, {"unit": ""}, {"unit": "succeeded"}, {"unit": "FAULT"},
     {"unit.1-of-2": "SUCCEEDED"}, {"unit": "TIMED_OUT"}, {"unit": "STOPPED"}, {"unit": "IN_PROGRESS"}],
)  # fmt: skip
def test_without_the_word_that_fits_a_passing_ending_is_an_error(
    run: SpreadRun, words: dict[str, str]
) -> None:
    leave(run.store)
    assert run.conclude(words).verdict.status is Status.ERROR
    assert run.status == "ERROR"


def test_a_failing_ending_whose_task_succeeded_is_an_error(run: SpreadRun) -> None:
    leave(run.store, FAILED, code=1)
    assert run.conclude().verdict.status is Status.ERROR


def nothing(run: SpreadRun) -> None:
    pass


def tampered(run: SpreadRun) -> None:
    leave(run.store, FAILED, code=1)
    path = run.folder / "runs" / run.name / ending_key("unit", "")
    outer = json.loads(path.read_bytes())
    outer["told"] = outer["told"].replace('"code": 1', '"code": 0').replace('"code":1', '"code":0')
    path.write_text(json.dumps(outer))


def rubbish(run: SpreadRun) -> None:
    path = run.folder / "runs" / run.name / ending_key("unit", "")
    path.parent.mkdir(parents=True)
    path.write_text("[" * 50_000)


def of_another_run(run: SpreadRun) -> None:
    leave(run.store, run_id="another")


def of_another_stage(run: SpreadRun) -> None:
    leave(run.store, stage="data")


def of_another_part(run: SpreadRun) -> None:
    leave(run.store, part="1-of-2")


def with_another_key(run: SpreadRun) -> None:
    leave(run.store, key="x" * 64)


def whose_results_are_gone(run: SpreadRun) -> None:
    told = leave(run.store)
    (run.folder / "runs" / run.name / "results" / told.outputs).unlink()


def whose_results_were_changed(run: SpreadRun) -> None:
    told = leave(run.store)
    (run.folder / "runs" / run.name / "results" / told.outputs).write_bytes(b"another bundle")


def without_results(run: SpreadRun) -> None:
    leave(run.store, outputs="", result="")


def that_timed_out(run: SpreadRun) -> None:
    leave(run.store, timed_out=True)


ENDINGS: list[Callable[[SpreadRun], None]] = [
    nothing, tampered, rubbish, of_another_run, of_another_stage, of_another_part, with_another_key,
    whose_results_are_gone, whose_results_were_changed, without_results, that_timed_out,
]  # fmt: skip


@pytest.mark.parametrize("damage", ENDINGS)
@pytest.mark.parametrize("word", ["SUCCEEDED", "FAILED"])
def test_an_ending_that_proves_nothing_is_an_error(
    run: SpreadRun, damage: Callable[[SpreadRun], None], word: str
) -> None:
    damage(run)
    assert run.conclude({"unit": word}).verdict.status is Status.ERROR
    assert run.status == "ERROR"


def test_a_step_before_the_stages_whose_result_is_not_there_is_an_error(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path).prepared(results=())
    leave(run.store)
    assert run.conclude().verdict.status is Status.ERROR
    assert run.status == "ERROR"


def test_a_step_that_failed_skips_its_stages_and_is_the_verdict(tmp_path: Path) -> None:
    bad = StageResult("environment:python", "environment", Status.FAILED, "there is no lock file")
    run = SpreadRun(tmp_path).prepared(results=(bad,), jobs={}, needs={})
    record = run.conclude({})
    assert record.verdict.status is Status.FAILED
    [unit] = [r for r in record.results if r.is_stage]
    assert (unit.status, unit.blocked_by) == (Status.SKIPPED, "environment:python")
    assert "there is no lock file" in run.manifest["verdict"]["reason"]


def refused(run: SpreadRun, *, said: str) -> None:
    before = run.files()
    with pytest.raises(InfrastructureError, match=said):
        run.conclude()
    assert run.files() == before
    assert run.status != "PASSED"


def test_without_a_plan_nothing_is_concluded(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path)
    leave(run.store)
    refused(run, said="no such object")


@pytest.mark.parametrize(
    "change", [lambda b: b.replace(b"solution", b"solutiom"), lambda b: b[:-9], lambda b: b"{}"]
)
def test_a_plan_that_was_changed_is_refused(run: SpreadRun, change: Callable[[bytes], bytes]) -> None:
    leave(run.store)
    path = run.folder / "runs" / run.name / PLAN
    text = path.read_bytes().replace(b"AWS: none", b"AWS: nono")
    path.write_bytes(change(text))
    refused(run, said="not sealed|cannot be read")


def test_another_runs_plan_is_refused(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path).prepared(run_id="another")
    leave(run.store)
    refused(run, said="of run another")


def test_a_plan_that_is_sealed_with_another_key_is_refused(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path).prepared(key="x" * 64)
    leave(run.store)
    refused(run, said="not sealed")


def test_a_source_that_was_changed_is_refused(run: SpreadRun) -> None:
    leave(run.store)
    for blob in (run.folder / "runs" / run.name / "blobs").iterdir():
        blob.write_bytes(b"another solution")
    refused(run, said="sha256")


def test_a_second_conclusion_is_refused_and_changes_nothing(run: SpreadRun) -> None:
    leave(run.store, FAILED, code=1)
    run.conclude({"unit": "FAILED"})
    before = run.files()
    with pytest.raises(InfrastructureError, match="concluded already"):
        run.conclude()
    assert run.files() == before


@dataclass
class Dying:
    """A store in which only so many more objects can be put."""

    real: FolderStore
    left: int

    @property
    def url(self) -> str:
        return self.real.url

    def put(self, key: str, path: Path) -> bool:
        self.left -= 1
        if self.left < 0:
            raise InfrastructureError("the machine is gone")
        return self.real.put(key, path)

    def get(self, key: str, path: Path) -> None:
        self.real.get(key, path)

    def has(self, key: str) -> bool:
        return self.real.has(key)


def test_killed_after_any_put_there_is_no_manifest_and_the_next_one_concludes(tmp_path: Path) -> None:
    whole = SpreadRun(tmp_path / "whole").prepared()
    leave(whole.store)
    before = set(whole.files())
    whole.conclude()
    left = set(whole.files()) - before
    for puts in range(len(left)):
        run = SpreadRun(tmp_path / str(puts)).prepared()
        leave(run.store)
        real, run.store = run.store, dying(run.store, puts)
        with pytest.raises(InfrastructureError, match="gone"):
            run.conclude()
        assert run.manifest == {}
        run.store = real
        again, out = tmp_path / f"again-{puts}", tmp_path / f"out-{puts}"  # another task, elsewhere
        again.mkdir()
        conclude(replace(run.task, folder=again), lambda parts: {"unit": "SUCCEEDED"}, out)
        assert run.manifest["verdict"]["status"] == "PASSED"


def dying(store: Store, puts: int) -> Dying:
    assert isinstance(store, FolderStore)
    return Dying(store, puts)


def test_who_comes_second_to_conclude_overwrites_nothing(run: SpreadRun) -> None:
    """Two at once: both saw that nothing is concluded yet."""
    leave(run.store)
    real = run.store
    assert isinstance(real, FolderStore)
    first = run.folder / "first.json"
    first.write_text("{}")

    class Behind(Dying):
        def has(self, key: str) -> bool:
            found = self.real.has(key)
            if key == "report/manifest.json":
                self.real.put(key, first)
            return found

    run.store = Behind(real, 99)
    with pytest.raises(InfrastructureError, match="concluded already"):
        run.conclude()
    assert (real.root / "report/manifest.json").read_text() == "{}"  # the first one's stands


# --- the stages' tasks


def test_a_stage_begins_once_what_it_needs_has_passed(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path).prepared(
        jobs={"unit": "0" * 64, "second": "1" * 64}, needs={"unit": (), "second": ("unit",)}
    )
    assert job_of(run.task, "unit", "") == "0" * 64
    with pytest.raises(InfrastructureError, match="unit did not pass"):
        job_of(run.task, "second", "")
    leave(run.store)
    assert job_of(run.task, "second", "") == "1" * 64


@pytest.mark.parametrize("damage", [*ENDINGS[:3], with_another_key, that_timed_out])
def test_it_does_not_begin_on_an_ending_that_proves_nothing(
    tmp_path: Path, damage: Callable[[SpreadRun], None]
) -> None:
    run = SpreadRun(tmp_path).prepared(
        jobs={"unit": "0" * 64, "second": "1" * 64}, needs={"second": ("unit",)}
    )
    damage(run)
    with pytest.raises(InfrastructureError, match="unit did not pass"):
        job_of(run.task, "second", "")


@pytest.mark.parametrize(("stage", "part"), [("data", ""), ("unit", "1-of-2"), ("../unit", "")])
def test_a_stage_without_a_job_is_refused(run: SpreadRun, stage: str, part: str) -> None:
    with pytest.raises(InfrastructureError, match="no job"):
        job_of(run.task, stage, part)


# --- versions


def numbering(at: History) -> Callable[..., Numbering]:
    return lambda solution, run_id, source: Numbering(at, run_id, lambda: Origin(run_id, by="ada"))


def test_what_is_prepared_is_numbered_and_what_passes_is_a_release(tmp_path: Path) -> None:
    at, run = history(), SpreadRun(tmp_path)
    root = solution(tmp_path / "s", stages={"unit": {"suites": ["stock:lambda"]}})
    assert prepare(replace(run.task, number=numbering(at)), root, (), "AWS: none") == 0
    assert [v.run_id for v in at.versions("fn")] == [run.name]
    leave(run.store)
    said = {"unit": "SUCCEEDED"}
    record = conclude(replace(run.task, number=numbering(at)), lambda parts: said, tmp_path / "out")
    [release] = at.releases()
    assert (record.release, release.run_id) == (release.release, run.name)
    assert release.components == {"fn": at.versions("fn")[0].version}
    assert at.judgements("fn")[release.components["fn"]].status == "PASSED"


@pytest.mark.parametrize("place", ["", "s3://bucket/another"])
def test_a_history_that_did_not_number_it_gets_no_release(tmp_path: Path, place: str) -> None:
    at, run = history(), SpreadRun(tmp_path).prepared(history=place)
    leave(run.store)
    said = {"unit": "SUCCEEDED"}
    record = conclude(replace(run.task, number=numbering(at)), lambda parts: said, tmp_path / "out")
    assert (record.verdict.status, record.release) == (Status.PASSED, ""), record.verdict
    assert at.releases() == []


def test_what_the_first_task_logged_is_in_the_runs_folder(tmp_path: Path) -> None:
    """Its container is gone when somebody asks why the build failed."""
    run = SpreadRun(tmp_path)
    task = run.task
    (task.folder / "logs").mkdir()
    (task.folder / "logs/build-fn.log").write_text("collecting numpy")
    prepare(task, solution(tmp_path / "s"), (), "AWS: none")
    record = run.conclude({})
    assert run.files()[f"report/{record.manifest_sha256}/logs/build-fn.log"] == b"collecting numpy"


# --- prepare


STOCK = {
    "solution": "tiny",
    "components": {"fn": {"kind": "lambda-zip", "source": "src", "handler": "app.handler"}},
    "stages": {
        "unit": {"suites": ["stock:lambda"], "shards": 2},
        "late": {"kind": "unit", "suites": ["stock:lambda"], "needs": ["unit"]},
    },
}


def solution(root: Path, **changes: Any) -> Path:
    (root / "src").mkdir(parents=True)
    (root / "src/app.py").write_text("def handler(event, context):\n    return event\n")
    (root / "lockgate.yml").write_text(json.dumps({**STOCK, **changes}))
    return root


def test_prepare_leaves_a_job_for_each_part(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path)
    task = run.task
    assert prepare(task, solution(tmp_path / "s"), (), "AWS: none") == 0
    jobs = [job_of(run.task, "unit", f"{n}-of-2") for n in (1, 2)]
    assert len(set(jobs)) == 2
    assert {f"blobs/{job}" for job in jobs} <= set(run.files())


def test_a_second_prepare_of_one_run_is_refused(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path)
    root = solution(tmp_path / "s")
    prepare(run.task, root, (), "AWS: none")
    before = run.files()
    with pytest.raises(InfrastructureError, match="of this name already"):
        prepare(run.task, root, (), "AWS: none")
    assert run.files()[PLAN] == before[PLAN]


def test_a_build_that_fails_leaves_a_plan_that_says_so(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path)
    root = solution(tmp_path / "s", components={"fn": {**STOCK["components"]["fn"], "lock": "not.lock"}})  # type: ignore[index]
    (root / "not.lock").write_text("nonsense without a hash\n")
    assert prepare(run.task, root, (), "AWS: none") in (1, 3)
    record = run.conclude({})
    assert record.verdict.status is not Status.PASSED
    assert {r.status for r in record.results if r.is_stage} == {Status.SKIPPED}
    assert record.results[0].cause


def test_a_selection_is_concluded_as_one(tmp_path: Path) -> None:
    run = SpreadRun(tmp_path)
    prepare(run.task, solution(tmp_path / "s"), ("late",), "AWS: none")
    with pytest.raises(InfrastructureError, match="no job"):
        job_of(run.task, "unit", "")
    record = run.conclude({})
    assert [r.name for r in record.results if r.is_stage] == ["late"]
    assert record.complete is False


def test_a_stage_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        prepare(SpreadRun(tmp_path).task, solution(tmp_path / "s"), ("nope",), "AWS: none")


# --- the orchestrator's words


def test_words_are_lists_however_deep() -> None:
    nested = '[[], [[{"part": "unit.1-of-2", "ended": "SUCCEEDED"}]], {"part": "data", "ended": "FAILED"}]'
    assert _words(nested) == {"unit.1-of-2": "SUCCEEDED", "data": "FAILED"}


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "5", "null", '"x"', "[1]", "[[null]]", '[{"part": "unit"}]', '{"unit": "SUCCEEDED"}',
     '[{"ended": "SUCCEEDED"}]', "[" * 100_000, "\ud800"],
)  # fmt: skip
def test_words_that_are_none_are_a_usage_error(text: str) -> None:
    with pytest.raises(LockgateError) as caught:
        _words(text)
    assert caught.value.exit_code == 2


def test_the_helpers_are_what_they_seem() -> None:
    assert remotes.REPORT.run_id == remotes.RUN
    assert BEFORE[0].status is Status.PASSED
    assert isinstance(BAD, Check)

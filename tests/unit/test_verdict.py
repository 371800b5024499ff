from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import Check, StageReport, StageResult, Status
from runner.verdict import EXIT, Ending, Expected, judge, judge_stage

EXPECTED = Expected("run-1", "unit", "unit", 60.0, None, 1)
GOOD = Check("a", Status.PASSED)
BAD = Check("b", Status.FAILED, cause="1 != 2")


def report(*checks: Check, status: Status = Status.PASSED) -> StageReport:
    return StageReport("run-1", "unit", "unit", status, tuple(c.id for c in checks), checks, 0.1)


def ending(*checks: Check, status: Status = Status.PASSED) -> Ending:
    return Ending(EXIT[status], report(*checks, status=status), sealed=True)


def test_agreeing_evidence_passes() -> None:
    assert judge_stage(EXPECTED, ending(GOOD)).status is Status.PASSED


def test_agreeing_failures_fail_and_name_the_check() -> None:
    result = judge_stage(EXPECTED, ending(GOOD, BAD, status=Status.FAILED))
    assert (result.status, result.cause) == (Status.FAILED, "b: 1 != 2")


PASSING = ending(GOOD)
DOUBTS = {
    "no report": replace(PASSING, report=None),
    "no sentinel": replace(PASSING, sealed=False),
    "status not known": replace(PASSING, code=None),
    "status 1 over a passing report": replace(PASSING, code=1),
    "status 0 over a failing report": replace(ending(BAD, status=Status.FAILED), code=0),
    "killed": replace(PASSING, code=-9),
    "past its deadline": replace(PASSING, timed_out=True),
    "over its memory": replace(PASSING, over_memory=True),
    "interrupted": replace(PASSING, cancelled=True),
    "another run's report": replace(PASSING, report=replace(report(GOOD), run_id="run-0")),
    "another stage's report": replace(PASSING, report=replace(report(GOOD), stage="data")),
    "another kind's report": replace(PASSING, report=replace(report(GOOD), kind="data")),
    "no check": Ending(0, report(), sealed=True),
    "all skipped": ending(Check("a", Status.SKIPPED)),
    "a collected check without result": replace(PASSING, report=replace(report(GOOD), collected=("a", "c"))),
    "a check nobody collected": replace(PASSING, report=replace(report(GOOD), collected=())),
    "the same check twice": replace(PASSING, report=replace(report(GOOD, GOOD), collected=("a",))),
    "claims passed over failed checks": replace(PASSING, report=report(BAD)),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_any_doubt_is_an_error_with_a_cause(name: str) -> None:
    result = judge_stage(EXPECTED, DOUBTS[name])
    assert result.status is Status.ERROR
    assert result.cause


def test_too_few_executed_checks_are_an_error() -> None:
    result = judge_stage(replace(EXPECTED, min_checks=2), ending(GOOD, Check("s", Status.SKIPPED)))
    assert result.status is Status.ERROR and "at least 2" in result.cause


def test_few_checks_bar_a_pass_but_hide_no_failure() -> None:
    left = ending(BAD, status=Status.FAILED)
    assert judge_stage(replace(EXPECTED, min_checks=9), left).status is Status.FAILED


STATUSES = st.sampled_from(list(Status))


@given(
    code=st.sampled_from([None, -15, -9, 0, 1, 2, 3, 137]),
    statuses=st.lists(STATUSES, max_size=4),
    claimed=STATUSES,
    sealed=st.booleans(),
    drop=st.booleans(),
)
def test_a_pass_needs_every_piece_of_evidence(
    code: int | None, statuses: list[Status], claimed: Status, sealed: bool, drop: bool
) -> None:
    checks = tuple(Check(str(i), s) for i, s in enumerate(statuses))
    left = replace(report(*checks, status=claimed), checks=checks[1:] if drop else checks)
    result = judge_stage(EXPECTED, Ending(code, left, sealed=sealed))
    if result.status is Status.PASSED:
        assert code == 0 and sealed and claimed is Status.PASSED and not (drop and checks)
        assert Status.PASSED in statuses and not {Status.FAILED, Status.ERROR} & set(statuses)


def stage(name: str, status: Status, **more: object) -> StageResult:
    return StageResult(name, "unit", status, **more)  # type: ignore[arg-type]


def test_error_outranks_failed_outranks_passed() -> None:
    results = [stage("a", Status.PASSED), stage("b", Status.FAILED), stage("c", Status.ERROR)]
    assert judge(results, ["a", "b", "c"]).status is Status.ERROR
    assert judge(results[:2], ["a", "b"]).status is Status.FAILED
    assert judge(results[:1], ["a"]).status is Status.PASSED


def test_a_stage_without_result_is_an_error() -> None:
    verdict = judge([stage("a", Status.PASSED)], ["a", "b"])
    assert verdict.status is Status.ERROR and "b" in verdict.reason


def test_no_stage_at_all_is_an_error() -> None:
    assert judge([], []).status is Status.ERROR


def test_a_stage_skipped_behind_a_failure_adds_nothing() -> None:
    results = [stage("a", Status.FAILED, cause="x"), stage("b", Status.SKIPPED, blocked_by="stage:a")]
    assert judge(results, ["a", "b"]).status is Status.FAILED


def test_a_stage_skipped_for_a_reason_of_its_own_is_an_error() -> None:
    results = [stage("a", Status.PASSED), stage("b", Status.SKIPPED)]
    assert judge(results, ["a", "b"]).status is Status.ERROR


def test_a_skip_behind_something_that_passed_is_no_pass() -> None:
    results = [stage("a", Status.PASSED), stage("b", Status.SKIPPED, blocked_by="stage:a")]
    assert judge(results, ["a", "b"]).status is Status.ERROR

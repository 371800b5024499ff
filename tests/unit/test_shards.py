"""Shards put together: as if one process had run it all, or ERROR. No test is lost, none counts twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import Check, Judged, StageReport, Status
from runner.shards import judge_shards
from runner.stages.outcome import worst
from runner.stages.sharding import Shard, share
from runner.stages.suites import COLLECTION, empty_suites
from runner.verdict import EXIT, Ending, Expected, judge_stage

SUITE = "suites/unit"
FILE = f"{SUITE}/test_it.py"
EXPECTED = Expected("run-1", "unit", "unit", 60.0, None, 1)
JUDGED = (Judged("suite", SUITE, "a" * 64),)


def check(name: str, status: Status = Status.PASSED) -> Check:
    return Check(f"{FILE}::{name}", status, FILE, 0.5, "" if status is Status.PASSED else f"{name} is wrong")


BROKEN = Check(f"{SUITE}/test_bad.py{COLLECTION}", Status.ERROR, f"{SUITE}/test_bad.py", cause="SyntaxError")


def ending(checks: Sequence[Check], whole: Sequence[Check | str], seconds: float = 1.0) -> Ending:
    """How a shard ends that ran these checks of these."""
    status = worst(c.status for c in checks)
    ids = tuple(c.id for c in checks)
    report = StageReport(
        "run-1", "unit", "unit", status, ids, tuple(checks), seconds, judged=JUDGED,
        whole=tuple(c if isinstance(c, str) else c.id for c in whole),
    )  # fmt: skip
    return Ending(EXIT[status], report, sealed=True, seconds=seconds, peak_bytes=int(seconds * 100))


A, B, C, D = (check(name) for name in "abcd")
ALL = (A, B, C, D)


def test_shards_that_pass_are_a_stage_that_passes() -> None:
    result = judge_shards(EXPECTED, [ending([D, A], ALL), ending([B, C], ALL, 2.0)], [SUITE])
    assert result.status is Status.PASSED and result.cause == ""
    assert result.checks == ALL, "in the order of collection"
    assert (result.seconds, result.peak_bytes) == (2.0, 200)
    assert result.report is not None
    assert result.report.judged == JUDGED and result.report.evidence.facts == {"shards": 2}


def test_a_failure_in_one_is_a_failure_of_the_stage() -> None:
    bad = check("b", Status.FAILED)
    result = judge_shards(EXPECTED, [ending([A, C], ALL), ending([bad, D], ALL)], [SUITE])
    assert (result.status, result.cause) == (Status.FAILED, f"{bad.id}: b is wrong")


@given(
    st.lists(st.sampled_from(Status), min_size=1, max_size=12),
    st.integers(1, 4),
    st.integers(0, 6),
    st.booleans(),
)  # fmt: skip
def test_sharded_or_not_it_is_judged_alike(
    statuses: list[Status], count: int, least: int, broken: bool
) -> None:
    checks = [check(f"t{n}", status) for n, status in enumerate(statuses)]
    expected, count = replace(EXPECTED, min_checks=least), min(count, len(checks))
    found = (BROKEN,) if broken else ()
    ids, by_id = [c.id for c in checks], {c.id: c for c in checks}
    shards = [[*found, *(by_id[i] for i in share(ids, Shard(n, count)))] for n in range(1, count + 1)]
    sharded = judge_shards(expected, [ending(s, [*checks, *found]) for s in shards], [SUITE])
    lone = (*found, *checks)
    lone = (*lone, *empty_suites([SUITE], lone))
    alone = judge_stage(expected, ending(lone, ()))
    assert sharded.status is alone.status
    assert sorted(c.id for c in sharded.checks) == sorted(c.id for c in alone.checks)
    assert bool(sharded.cause) == bool(alone.cause)


OTHER = replace(JUDGED[0], sha256="b" * 64)


def judged_other(end: Ending) -> Ending:
    assert end.report
    return replace(end, report=replace(end.report, judged=(OTHER,)))


def of_run(end: Ending, run: str) -> Ending:
    assert end.report
    return replace(end, report=replace(end.report, run_id=run))


FIRST, SECOND = ending([A, B], ALL), ending([C, D], ALL)
DOUBTS = {
    "a test that no shard ran": ([FIRST, ending([C], ALL)], "1 checks missing and 0 unexpected"),
    "a test that ran twice": ([FIRST, ending([A, C, D], ALL)], "0 checks missing and 1 unexpected"),
    "one lost and one twice": ([FIRST, ending([A, D], ALL)], "1 checks missing and 1 unexpected"),
    "a test that nobody collected": ([FIRST, ending([C, D, check("e")], ALL)], "::e (was not expected)"),
    "the same shard twice": ([FIRST, FIRST], "2 checks missing and 2 unexpected"),
    "a shard that was killed": ([FIRST, Ending(-9)], "shard 2 of 2: killed by signal 9"),
    "a shard that left nothing": (
        [FIRST, Ending(0, damage="no ending")],
        "2 of 2: exit status 0, but no",
    ),
    "a shard whose status is not known": (
        [Ending(None, damage="gone"), SECOND],
        "1 of 2: its exit status",
    ),
    "a shard past its deadline": ([FIRST, replace(SECOND, timed_out=True)], "deadline of 60 s"),
    "a shard that was interrupted": ([FIRST, replace(SECOND, cancelled=True)], "interrupted"),
    "a shard without a seal": ([FIRST, replace(SECOND, sealed=False)], "no completion sentinel"),
    "a shard of another run": ([FIRST, of_run(SECOND, "run-0")], "another run"),
    "a shard that collected less": ([FIRST, ending([C], [A, B, C])], "did not collect the same"),
    "a shard that collected more": ([FIRST, ending([C, D], [*ALL, "e"])], "did not collect the same"),
    "a shard that collected twice": ([FIRST, ending([C, D], [*ALL, A])], "did not collect the same"),
    "shards that say nothing of the whole": ([ending([A, B], ()), ending([C, D], ())], "did not collect"),
    "shards of different suites": ([FIRST, judged_other(SECOND)], "did not judge the same suites"),
    "no shard": ([], "no shard left a report"),
    "none that left a report": ([Ending(-9), Ending(-9)], "shard 1 of 2: killed by signal 9"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_any_doubt_is_an_error_that_says_it(name: str) -> None:
    endings, said = DOUBTS[name]
    result = judge_shards(EXPECTED, endings, [SUITE])
    assert result.status is Status.ERROR
    assert said in result.cause
    if result.report is not None:
        assert (result.report.status, result.report.cause) == (Status.ERROR, result.cause)


def test_what_was_seen_is_kept_beside_a_doubt() -> None:
    result = judge_shards(EXPECTED, [FIRST, Ending(-9)], [SUITE])
    assert result.checks == (A, B)


def test_a_shard_in_which_all_was_skipped_does_no_harm() -> None:
    left_out = [check("c", Status.SKIPPED), check("d", Status.SKIPPED)]
    result = judge_shards(EXPECTED, [FIRST, ending(left_out, ALL)], [SUITE])
    assert result.status is Status.PASSED


def test_all_skipped_in_all_is_an_error() -> None:
    left_out = [check(name, Status.SKIPPED) for name in "abcd"]
    result = judge_shards(EXPECTED, [ending(left_out[:2], ALL), ending(left_out[2:], ALL)], [SUITE])
    assert result.status is Status.ERROR
    assert "all of its 4 tests were skipped" in result.cause


def test_an_empty_suite_beside_another_is_an_error() -> None:
    result = judge_shards(EXPECTED, [FIRST, SECOND], [SUITE, "suites/more"])
    assert (result.status, result.cause) == (
        Status.ERROR,
        "suites/more (suite): suites/more: no test was collected",
    )


def test_what_could_not_be_collected_counts_once() -> None:
    whole = [*ALL, BROKEN]
    result = judge_shards(EXPECTED, [ending([BROKEN, A, B], whole), ending([BROKEN, C, D], whole)], [SUITE])
    assert result.status is Status.ERROR
    assert [c.id for c in result.checks].count(BROKEN.id) == 1
    assert result.cause == f"{BROKEN.id}: SyntaxError"


@pytest.mark.parametrize(("least", "status"), [(4, Status.PASSED), (5, Status.ERROR)])
def test_the_least_number_of_checks_is_that_of_the_whole(least: int, status: Status) -> None:
    result = judge_shards(replace(EXPECTED, min_checks=least), [FIRST, SECOND], [SUITE])
    assert result.status is status
    if status is Status.ERROR:
        assert "only 4 checks were executed, at least 5" in result.cause


def test_a_session_that_broke_off_is_an_error_of_its_shard() -> None:
    session = Check("pytest session (own, shard 2-of-2)", Status.ERROR, "own", cause="status 2")
    result = judge_shards(EXPECTED, [FIRST, ending([C, D, session], ALL)], [SUITE])
    assert (result.status, result.cause) == (Status.ERROR, f"{session.id}: status 2")

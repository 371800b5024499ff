from __future__ import annotations

from dataclasses import replace

from helpers import sample_runs as sample

from runner.model import Check, StageResult, Status, Verdict
from runner.report.tally import Counts, all_counts, headline, own_check, step_id, troubles


def test_counts_are_words_that_leave_out_what_is_not_there() -> None:
    assert str(Counts(2041)) == "2,041 checks"
    assert str(Counts(1)) == "1 check"
    assert str(Counts(3, 1, 0, 2)) == "3 passed, 1 failed, 2 skipped"
    assert str(Counts(0, 0, 1)) == "0 passed, 1 could not tell"
    assert str(Counts()) == "no checks"
    assert all_counts(sample.failing()).failed == 2


def test_a_stage_that_died_is_a_trouble_though_its_checks_passed() -> None:
    passed = sample.stage("unit", (Check("a", Status.PASSED),), Status.ERROR, cause="killed by signal 9")
    own = own_check(passed)
    assert own is not None
    assert (own.id, own.status, own.cause) == ("stage:unit", Status.ERROR, "killed by signal 9")


def test_a_stage_whose_checks_say_why_has_no_check_of_its_own() -> None:
    assert own_check(sample.stage("m", (Check("a", Status.FAILED),), Status.FAILED)) is None
    assert own_check(sample.stage("m", (Check("a", Status.PASSED),))) is None


def test_steps_go_by_their_plans_ids() -> None:
    assert [step_id(result) for result in sample.results()[2:4]] == ["build:model", "stage:unit"]


def test_what_decided_the_verdict_comes_first() -> None:
    record = sample.failing()
    other = replace(record, verdict=Verdict(Status.FAILED, "x", "model", "roc_auc[carrier=WN]"))
    assert [t.check.id for t in troubles(record)] == ["roc_auc", "roc_auc[carrier=WN]"]
    assert [t.check.id for t in troubles(other)] == ["roc_auc[carrier=WN]", "roc_auc"]


def test_a_verdict_that_is_not_passed_is_never_without_a_trouble() -> None:
    reason = "no result of stage model"
    record = replace(sample.passing(), verdict=Verdict(Status.ERROR, reason))
    (trouble,) = troubles(record)
    assert (trouble.check.status, trouble.check.cause) == (Status.ERROR, reason)
    assert troubles(sample.passing()) == ()


def test_a_step_skipped_because_of_another_is_no_trouble() -> None:
    assert "integration" not in {t.result.name for t in troubles(sample.failing())}
    own = own_check(StageResult("i", "integration", Status.SKIPPED, blocked_by="stage:model"))
    assert own is not None
    assert own.cause == "stage:model did not pass"


def test_a_headline_is_never_empty() -> None:
    assert headline(Verdict(Status.ERROR, "nothing was judged")) == "nothing was judged"
    assert headline(Verdict(Status.ERROR, "")) == "no reason was given"

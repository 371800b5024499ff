from __future__ import annotations

from dataclasses import replace

from helpers import sample_runs as sample

from runner.model import Check, Status
from runner.report.summary import last_lines, stage_line

REPORT = ".lockgate/runs/ID/report.html"


def test_the_last_line_of_a_failing_run_names_stage_check_cause_and_report() -> None:
    lines = last_lines(sample.failing(), REPORT)
    assert lines[-1] == f"FAILED  model: roc_auc 0.497 < 0.66 (min) -- report: {REPORT}"


def test_before_it_stands_what_failed_why_and_where_to_look() -> None:
    text = "\n".join(last_lines(sample.failing(), REPORT)[:-1])
    assert "FAILED  model: roc_auc\n          0.497 < 0.66 (min)\n" in text
    assert "measured 0.497, limit ≥ 0.66" in text
    assert "log: .lockgate/runs/ID/stages/model/stage.log" in text


def test_a_passing_run_ends_with_counts_time_digest_and_report() -> None:
    *_, counted, last = last_lines(sample.passing(), REPORT)
    assert counted == f"20 checks in 41.7 s; manifest sha256 {sample.sha('manifest')}"
    assert last == f"PASSED  flights -- report: {REPORT}"


def test_a_partial_run_says_so_and_an_undecided_one_names_its_cause() -> None:
    lines = last_lines(sample.undecided(), REPORT)
    assert any("partial" in line for line in lines)
    assert lines[-1].startswith("ERROR  data: killed by signal 9")
    assert not any("partial" in line for line in last_lines(sample.passing(), REPORT))


def test_at_most_five_findings_are_said_and_the_rest_is_counted() -> None:
    checks = tuple(Check(f"c{i}", Status.FAILED, cause="x") for i in range(12))
    record = replace(sample.failing(), results=(sample.stage("model", checks, Status.FAILED),))
    lines = last_lines(record, REPORT)
    assert sum(line.startswith("  FAILED") for line in lines) == 5
    assert "  ... and 7 more" in lines


def test_hostile_names_stay_on_their_lines_and_paint_nothing() -> None:
    for line in [*last_lines(sample.hostile(), REPORT), *map(stage_line, sample.hostile().results)]:
        assert "\n" not in line
        assert "\x1b" not in line
        line.encode("utf-8")


def test_a_step_has_one_line_with_its_counts_and_time() -> None:
    lines = [stage_line(result) for result in sample.failing().results]
    assert lines[0] == "PASSED  prepare:tables  4.2 s"
    assert lines[3] == "PASSED  stage:unit  7 checks, 2.7 s"
    assert lines[5] == "FAILED  stage:model  2 passed, 2 failed, 1 skipped, 5.4 s  roc_auc 0.497 < 0.66 (min)"
    assert lines[6].startswith("SKIPPED stage:integration")

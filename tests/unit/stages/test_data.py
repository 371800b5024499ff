"""The data stage with Great Expectations itself, on tables of a few rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.judging import checks_of, data_job
from helpers.objects import Objects

from runner.errors import ConfigError, InfrastructureError
from runner.expect.duck import DuckTable
from runner.model import Check, Status
from runner.stages.data import run
from runner.stages.tables.engine import Answers, validate
from runner.stages.tables.suite import Suite

NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
ROWS = "expect_table_row_count_to_equal"


def e(type: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs, "severity": severity}


def write(tmp_path: Path, expectations: list[Any], name: str = "t", **columns: Any) -> dict[str, str]:
    """A suite and a Parquet table; columns a, b and s unless others are given."""
    columns = columns or {"a": [1.0, None, 3.0], "b": [1, 2, 3], "s": ["x", "<script>", "z"]}
    pd.DataFrame(columns).to_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, "expectations": expectations}))
    return {"source": f"{name}.parquet", "suite": f"{name}.json"}


def test_a_sound_table_passes_and_what_was_judged_is_named(tmp_path: Path) -> None:
    told: list[Check] = []
    job = data_job(tmp_path, t=write(tmp_path, [e(NOT_NULL, column="b"), e(ROWS, value=3)]))
    report = run(replace(job, progress=told.append))
    checks = checks_of(report)
    assert report.status is Status.PASSED
    assert list(checks) == ["t/table", f"t/{NOT_NULL}(b)", f"t/{ROWS}"]
    assert checks["t/table"].measured == "3 rows x 3 columns"
    assert [check.id for check in told] == list(checks)
    data, suite = report.judged
    assert (data.kind, data.name, data.facts["rows"], data.facts["source"]) == ("data", "t", 3, "t.parquet")
    assert (suite.kind, suite.name, suite.facts["expectations"]) == ("suite", "t.json", 2)
    assert report.evidence.plots == () and report.evidence.facts["great_expectations"]


def test_planted_faults_fail_with_numbers_and_keep_their_evidence(tmp_path: Path) -> None:
    faults = [e(NOT_NULL, column="a"), e(BETWEEN, column="b", max_value=2), e(NOT_NULL, column="b")]
    report = run(data_job(tmp_path, t=write(tmp_path, faults)))
    nulls, range_, fine = (checks_of(report)[id] for id in report.collected[1:])
    assert report.status is Status.FAILED
    assert nulls.cause == "1 of 3 null (33.33%), e.g. rows 1; expected: a values must never be null"
    assert range_.cause.startswith(
        "1 of 3 unexpected (33.33%), e.g. 3 in rows 2; expected: b values must be less"
    )
    assert fine.status is Status.PASSED
    (plot, *_), (table,), (file, failing) = (
        report.evidence.plots,
        report.evidence.tables,
        report.evidence.files,
    )
    assert plot.series[0].y == pytest.approx((100 / 3, 100 / 3)) and plot.series[1].y == (0.0, 0.0)
    assert [row[-1] for row in table.rows] == ["FAILED", "FAILED", "PASSED"]
    document = json.loads((tmp_path / "out" / file).read_text())
    marked = {r["expectation_config"]["meta"]["lockgate"]: r["success"] for r in document["results"]}
    assert marked == {nulls.id: False, range_.id: False, fine.id: True}
    assert document["results"][0]["result"]["partial_unexpected_list"] == [None]  # NaN, as GX has it
    assert failing == "data/t.failing.parquet" and (tmp_path / "out" / failing).is_file()


def test_an_expectation_that_great_expectations_would_drop_is_an_error_and_the_others_are_asked(
    tmp_path: Path,
) -> None:
    asked = [
        e("expect_nothing_known", column="b"),
        e(BETWEEN, column="b"),
        e(BETWEEN, column="b", min_value=0, bogus=1),
        e(NOT_NULL, severity="whatever", column="b"),
        e(NOT_NULL, column="b"),
    ]
    report = run(data_job(tmp_path, t=write(tmp_path, asked)))
    *broken, fine = (checks_of(report)[id] for id in report.collected[1:])
    assert [check.status for check in broken] == [Status.ERROR] * 4
    assert fine.status is Status.PASSED and report.status is Status.ERROR
    assert "expect_nothing_known not found" in broken[0].cause and "\n" not in broken[1].cause


def test_missing_columns_fail_and_what_cannot_be_computed_is_an_error(tmp_path: Path) -> None:
    asked = [
        e(NOT_NULL, column="gone"),
        e("expect_column_mean_to_be_between", column="s", min_value=0),
        e(NOT_NULL, column="a", row_condition="b > 99", condition_parser="pandas"),
        e(NOT_NULL, column="a", row_condition="gone > 99", condition_parser="pandas"),
    ]
    report = run(data_job(tmp_path, t=write(tmp_path, asked)))
    gone, mean, nothing, condition = (checks_of(report)[id] for id in report.collected[1:])
    assert (gone.status, gone.cause) == (Status.FAILED, "the table has no column 'gone'")
    assert mean.status is nothing.status is condition.status is Status.ERROR
    assert "examined no values" in nothing.cause and "'gone' is not defined" in condition.cause


def test_a_parameter_without_a_value_is_an_error(tmp_path: Path) -> None:
    asked = [e(BETWEEN, column="b", min_value={"$PARAMETER": "low"})]
    report = run(data_job(tmp_path, t=write(tmp_path, asked)))
    assert report.status is Status.ERROR and "low" in report.checks[1].cause


def test_an_empty_table_passes_nothing(tmp_path: Path) -> None:
    columns = {"a": pd.Series([], dtype=float)}
    report = run(data_job(tmp_path, t=write(tmp_path, [e(BETWEEN, column="a", min_value=0)], **columns)))
    assert report.status is Status.ERROR


def unlink(path: Path) -> None:
    path.unlink()


def corrupt(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("damage", [unlink, corrupt])
def test_an_unreadable_table_is_one_error_and_the_other_tables_are_judged(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    tables = {name: write(tmp_path, [e(NOT_NULL, column="b")], name) for name in ("bad", "good")}
    damage(tmp_path / "bad.parquet")
    report = run(data_job(tmp_path, **tables))
    checks = checks_of(report)
    assert report.status is Status.ERROR
    assert (
        checks["bad/table"].status is Status.ERROR and "table bad: bad.parquet" in checks["bad/table"].cause
    )
    assert checks[f"bad/{NOT_NULL}(b)"].status is Status.SKIPPED
    assert checks[f"good/{NOT_NULL}(b)"].status is Status.PASSED


@pytest.mark.parametrize("change", [unlink, corrupt])
def test_a_table_that_changes_while_it_is_judged_is_an_error(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    def slow(frame: pd.DataFrame, suite: Suite, name: str) -> Answers:
        change(tmp_path / "t.parquet")
        return validate(frame, suite, name)

    left_to_gx = e("expect_column_values_to_be_of_type", column="b", type_="i8")  # not compiled
    job = data_job(tmp_path, t=write(tmp_path, [left_to_gx]))
    report = run(job, engine=slow)
    whole, fine = checks_of(report).values()
    assert report.status is whole.status is Status.ERROR and fine.status is Status.PASSED
    assert "t.parquet changed or vanished while it was judged" in whole.cause


def test_a_table_in_s3_is_fetched_and_judged(tmp_path: Path) -> None:
    local = write(tmp_path, [e(NOT_NULL, column="b")])
    remote = Objects({"bucket": {"t.parquet": (tmp_path / "t.parquet").read_bytes()}})
    report = run(data_job(tmp_path, t={**local, "source": "s3://bucket/t.parquet"}), remote)
    assert report.status is Status.PASSED and report.judged[0].facts["source"] == "s3://bucket/t.parquet"


def test_without_an_aws_nothing_is_fetched(tmp_path: Path) -> None:
    local = write(tmp_path, [e(NOT_NULL, column="b")])
    report = run(data_job(tmp_path, t={**local, "source": "s3://bucket/t.parquet"}))
    assert report.status is Status.ERROR and "no AWS" in report.checks[0].cause


def test_problems_of_all_suites_are_raised_together(tmp_path: Path) -> None:
    tables = {name: write(tmp_path, [], name) for name in ("one", "two")}
    with pytest.raises(ConfigError) as refusal:
        run(data_job(tmp_path, **tables))
    assert [problem.file for problem in refusal.value.problems] == ["one.json", "two.json"]


def test_what_great_expectations_lets_every_table_pass_is_an_error_each(tmp_path: Path) -> None:
    nothing = [
        e("expect_column_values_to_match_regex", column="s", regex="^.*$"),
        e(NOT_NULL, column="b", mostly=1e-9),
        e("expect_table_row_count_to_be_between", min_value=0),
        e("expect_column_value_lengths_to_be_between", column="s", min_value=0),
        e("expect_column_unique_value_count_to_be_between", column="s", min_value=0),
        e("expect_column_distinct_values_to_contain_set", column="s", value_set=[]),
        e("expect_column_values_to_be_in_type_list", column="b", type_list=None),
    ]
    report = run(data_job(tmp_path, t=write(tmp_path, nothing)))
    causes = [check.cause for check in report.checks[1:]]
    assert len(causes) == len(nothing) and all(c.startswith("can never fail") for c in causes), causes


def test_great_expectations_does_not_answer_from_a_column_of_nearly_the_same_name(tmp_path: Path) -> None:
    asked = [e(NOT_NULL, column="x"), e(NOT_NULL, column="X")]
    report = run(data_job(tmp_path, t=write(tmp_path, asked, x=[1, 2], X=[None, 1.0])))
    own, other = (checks_of(report)[f"t/{NOT_NULL}({name})"] for name in "xX")
    assert own.status is Status.PASSED
    assert (other.status, other.cause.endswith("takes column 'x' for 'X'")) == (Status.ERROR, True)


def test_what_is_left_to_great_expectations_is_named_with_its_reason(tmp_path: Path) -> None:
    left = e("expect_column_values_to_be_dateutil_parseable", column="s")
    report = run(data_job(tmp_path, t=write(tmp_path, [left, e(ROWS, value=3)], s=["2013-01-01"] * 3)))
    facts = next(judged.facts for judged in report.judged if judged.kind == "data")
    (id,) = facts["left_to_great_expectations"]
    assert report.status is Status.PASSED and id == report.checks[1].id
    plain = run(data_job(tmp_path, t=write(tmp_path, [e(ROWS, value=3)])))
    assert "left_to_great_expectations" not in plain.judged[0].facts


def test_a_scan_that_fails_is_told_beside_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(DuckTable):
        def answer(self, asks: Any) -> Any:
            raise InfrastructureError("cannot be computed: it broke")

    monkeypatch.setattr("runner.sources.files.DuckTable", Broken)
    report = run(data_job(tmp_path, t=write(tmp_path, [e(ROWS, value=3)])))
    whole, rows = report.checks
    assert whole.measured == "3 rows x 3 columns, left to Great Expectations: cannot be computed: it broke"
    assert rows.status is whole.status is Status.PASSED
    assert list(report.judged[0].facts["left_to_great_expectations"]) == [rows.id]

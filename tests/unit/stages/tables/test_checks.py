"""Which answers are evidence against a table, and which are none at all. No engine runs here."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model import Status
from runner.stages.tables.checks import judge, unjudged
from runner.stages.tables.engine import Answers
from runner.stages.tables.suite import Expectation, Suite

BETWEEN = "expect_column_values_to_be_between"
RESULT = {"element_count": 100, "missing_count": 10, "unexpected_count": 3, "unexpected_percent": 100 / 30}
FINE = {"element_count": 100, "unexpected_count": 0}
QUIET = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


def one(
    answer: dict[str, Any] | None,
    *,
    severity: str = "critical",
    error: str = "",
    type: str = BETWEEN,
    rows: int | None = None,
    **more: Any,
) -> Any:
    kwargs = {"column": "a", "min_value": 0, **more}
    e = Expectation("t/e", type, kwargs, {"type": type, "kwargs": kwargs, "severity": severity})
    suite = Suite("s", "s.json", "0" * 64, {}, (e,))
    results = {} if answer is None else {"t/e": answer}
    answers = Answers(results, {"t/e": "a must be fine"}, {"t/e": error} if error else {}, {})
    (check,) = judge(suite, answers, ["a"], rows)
    return check


def test_success_over_some_rows_passes() -> None:
    check = one({"success": True, "result": FINE, "exception_info": QUIET})
    assert (check.status, check.measured, check.limit, check.cause) == (
        Status.PASSED,
        "0 of 100 unexpected",
        "a must be fine",
        "",
    )


def test_no_success_fails_with_what_was_observed_and_expected() -> None:
    check = one({"success": False, "result": {**RESULT, "partial_unexpected_list": [-1, -1, -2]}})
    assert check.status is Status.FAILED
    assert check.cause == "3 of 90 unexpected (3.33%), e.g. -1, -2; expected: a must be fine"


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_a_failed_warning_is_shown_and_does_not_stop(severity: str) -> None:
    check = one({"success": False, "result": RESULT}, severity=severity)
    assert check.status is Status.PASSED and check.cause.startswith(f"{severity}: 3 of 90 unexpected")


@pytest.mark.parametrize(
    "result", [{"element_count": 0, "unexpected_count": 0}, {"element_count": 5, "missing_count": 5}]
)
def test_success_over_no_rows_shows_nothing(result: dict[str, Any]) -> None:
    check = one({"success": True, "result": result})
    assert check.status is Status.ERROR and "examined no values" in check.cause


@pytest.mark.parametrize(
    "type, observed",
    [
        ("expect_column_distinct_values_to_be_in_set", None),
        ("expect_column_distinct_values_to_be_in_set", []),
        ("expect_column_unique_value_count_to_be_between", 0),
        ("expect_column_proportion_of_unique_values_to_be_between", 0.0),
    ],
)
def test_an_aggregate_of_no_values_shows_nothing(type: str, observed: Any) -> None:
    told = {"success": True, "result": {"observed_value": observed}}
    asked = {"min_value": None, "max_value": 0.5, "value_set": [1]}
    check = one(told, type=type, **asked)
    assert check.status is Status.ERROR and "examined no values" in check.cause
    seen = {"success": True, "result": {"observed_value": [1] if observed in (None, []) else 0.25}}
    assert one(seen, type=type, **asked).status is Status.PASSED


def test_that_there_are_no_values_may_be_asked() -> None:
    told = {"success": True, "result": {"observed_value": 0}}
    count = "expect_column_unique_value_count_to_be_between"
    assert one(told, type=count, min_value=None, max_value=0).status is Status.PASSED


def test_an_empty_table_shows_nothing_of_its_values_and_something_of_its_columns() -> None:
    told = {"success": True, "result": {"observed_value": 0}}
    total, exists = "expect_column_sum_to_be_between", "expect_column_to_exist"
    assert one(told, type=total, rows=0).status is Status.ERROR
    assert one(told, type=total, rows=1).status is Status.PASSED
    assert one({"success": True, "result": {}}, type=exists, rows=0).status is Status.PASSED


@pytest.mark.parametrize("success", [None, "yes", 1])
def test_only_true_is_success(success: object) -> None:
    assert one({"success": success, "result": FINE}).status is Status.FAILED


def test_an_expectation_that_can_never_fail_is_no_evidence() -> None:
    check = one({"success": True, "result": FINE}, mostly=0)
    assert check.status is Status.ERROR and "can never fail" in check.cause


def test_parameters_of_the_suite_do_not_hide_it() -> None:
    asked = {"kwargs": {"column": "a", "min_value": 0, "mostly": 0.0}}
    answer = {"success": True, "result": FINE, "expectation_config": asked}
    check = one(answer, mostly={"$PARAMETER": "m"})
    assert check.status is Status.ERROR and "mostly is 0" in check.cause


def test_a_rule_that_was_broken_is_evidence_however_weak_it_is() -> None:
    assert one({"success": False, "result": RESULT}, mostly=1e-9).status is Status.FAILED
    assert one({"success": True, "result": FINE}, mostly=1e-9).status is Status.ERROR


NESTED = {"MetricConfigurationID(x)": {"raised_exception": True, "exception_message": "no\nmean of text"}}
FLAT = {"raised_exception": True, "exception_message": "no mean of text"}


@pytest.mark.parametrize("info", [NESTED, FLAT])
@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_exception_is_an_error_of_any_severity(info: dict[str, Any], severity: str) -> None:
    check = one({"success": False, "result": {}, "exception_info": info}, severity=severity)
    assert (check.status, check.cause) == (Status.ERROR, "cannot be computed: no mean of text")


def test_an_exception_for_want_of_a_named_column_is_evidence_against_the_table() -> None:
    check = one({"success": False, "result": {}, "exception_info": NESTED}, column="b")
    assert (check.status, check.cause) == (Status.FAILED, "the table has no column 'b'")


def test_a_column_that_had_to_exist_is_named() -> None:
    check = one({"success": False, "result": {}}, type="expect_column_to_exist", column="b")
    assert (check.status, check.cause) == (Status.FAILED, "the table has no column 'b'")


def test_a_dropped_expectation_is_an_error() -> None:
    check = one(None)
    assert check.status is Status.ERROR and "no result" in check.cause


def test_an_expectation_that_could_not_be_asked_is_an_error() -> None:
    check = one({"success": True, "result": FINE}, error="expect_x not found")
    assert check.status is Status.ERROR and "expect_x not found" in check.cause


def test_what_was_not_judged_is_shown_as_skipped() -> None:
    e = Expectation("t/e", BETWEEN, {}, {})
    (check,) = unjudged(Suite("s", "s.json", "", {}, (e,)), "table t could not be read")
    assert (check.status, check.cause) == (Status.SKIPPED, "table t could not be read")

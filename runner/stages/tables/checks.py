"""Answers become checks: what is evidence against the table, and what is no evidence at all.

- success, over at least one examined row: PASSED. Over none (an empty table, a row condition that
  selects nothing, a column of nulls): ERROR, although Great Expectations calls that a success.
- no success: FAILED; of severity 'warning' or 'info': PASSED with its cause ('warning: ...'), shown
  but no reason to stop, which is what severity is for in Great Expectations 1.x.
- an exception: FAILED where a column that the expectation names is missing, which is evidence
  against the table whatever was asked of it; otherwise ERROR, of any severity.
- no answer, an unknown expectation, arguments that it does not take, or one that can never fail: ERROR.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from runner.model import Check, Status
from runner.stages.tables.engine import Answers
from runner.stages.tables.suite import Expectation, Suite, named_columns
from runner.stages.tables.vacuous import why_vacuous
from runner.stages.tables.words import examined, expected, observed
from runner.text import one_line

# What Great Expectations observes of no values, and may call a success: of values such a thing cannot be.
OF_NOTHING: Mapping[str, Collection[Any]] = {
    "expect_column_distinct_values_to_be_in_set": (None, []),
    "expect_column_unique_value_count_to_be_between": (0,),
    "expect_column_proportion_of_unique_values_to_be_between": (0,),
}
# What is asked of a column and not of its values.
OF_COLUMNS = frozenset(
    {
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
    }
)


def judge(
    suite: Suite, answers: Answers, columns: Collection[str], rows: int | None = None
) -> tuple[Check, ...]:
    """One check an expectation, in the suite's order; `columns` and `rows` are those that the table has."""
    return tuple(_check(e, suite, answers, columns, rows) for e in suite.expectations)


def unjudged(suite: Suite, cause: str) -> tuple[Check, ...]:
    """Every expectation of a suite as SKIPPED, for a table that could not be read."""
    return tuple(Check(e.id, Status.SKIPPED, suite.path, cause=cause) for e in suite.expectations)


def _check(
    e: Expectation, suite: Suite, answers: Answers, columns: Collection[str], rows: int | None
) -> Check:
    limit = expected(e, answers.words.get(e.id, ""))
    result = answers.results.get(e.id)
    if e.id in answers.errors or result is None:
        cause = answers.errors.get(e.id, "the engine gave no result for it")
        return Check(e.id, Status.ERROR, suite.path, cause=f"cannot be asked: {cause}", limit=limit)
    status, cause, measured = _outcome(e, result, columns, rows)
    if status is Status.FAILED:
        status, cause = _by_severity(e, cause or f"{measured or 'not so'}; expected: {limit}")
    return Check(e.id, status, suite.path, cause=cause, measured=measured, limit=limit)


def _outcome(
    e: Expectation, result: Mapping[str, Any], columns: Collection[str], rows: int | None
) -> tuple[Status, str, str]:
    """Status, cause ('' where measured and limit say it) and what was measured."""
    exception = _exception(result.get("exception_info") or {})
    missing = [name for name in named_columns(e.kwargs) if name not in columns]
    values = result.get("result") or {}
    if missing and (exception or e.type == "expect_column_to_exist"):
        return Status.FAILED, f"the table has no column {missing[0]!r}", "no such column"
    if exception:
        return Status.ERROR, f"cannot be computed: {exception}", ""
    if result.get("success") is not True:
        return Status.FAILED, "", observed(e, values)
    if nothing := why_vacuous(e.type, _asked(e, result), values.get("element_count")):
        return Status.ERROR, f"can never fail: {nothing}", observed(e, values)
    if _saw_nothing(e, _asked(e, result), values, rows):
        return Status.ERROR, "examined no values, so it shows nothing", observed(e, values)
    return Status.PASSED, "", observed(e, values)


def _saw_nothing(
    e: Expectation, kwargs: Mapping[str, Any], values: Mapping[str, Any], rows: int | None
) -> bool:
    """Whether a success is one over no values at all; that there are to be none may be asked (at most 0)."""
    if examined(values) == 0 or (rows == 0 and e.columns and e.type not in OF_COLUMNS):
        return True
    return values.get("observed_value") in OF_NOTHING.get(e.type, ()) and kwargs.get("max_value") != 0


def _asked(e: Expectation, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments as they were asked: Great Expectations has put the suite's parameters in."""
    asked = (result.get("expectation_config") or {}).get("kwargs") or {}
    return {**e.kwargs, **asked}


def _by_severity(e: Expectation, cause: str) -> tuple[Status, str]:
    if e.severity in ("warning", "info"):
        return Status.PASSED, f"{e.severity}: {cause}"
    return Status.FAILED, cause


def _exception(info: Mapping[str, Any]) -> str:
    """The message of an exception_info: one of its own, or one a metric that failed."""
    nested = [i for i in (info, *info.values()) if isinstance(i, Mapping) and i.get("raised_exception")]
    return one_line(nested[0].get("exception_message") or "it raised without a message") if nested else ""

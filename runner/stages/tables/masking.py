"""Columns marked sensitive: their values leave the stage in no answer, only how many of them there were.

Bounds and sets of the suite stay: they are its author's words, not the table's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from runner.errors import InfrastructureError
from runner.stages.tables.engine import Answers
from runner.stages.tables.suite import named_columns

MASKED = "[masked]"
# Numbers of rows, shares of them, and what the suite itself gave.
COUNTED = frozenset(
    {
        "element_count",
        "missing_count",
        "missing_percent",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
        "count",
        "quantiles",
    }
)
# Expectations whose observed value is a number of values, a share or a type, and no value.
VALUELESS = frozenset(
    {
        "expect_column_to_exist",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_be_in_type_list",
    }
)
# pyarrow quotes a text that is no UTF-8 by its own words alone.
QUOTED = re.compile(r"""'[^']*'?|"[^"]*"?|`[^`]*`?|(?<=Wrapping ).*(?= failed)""", re.DOTALL)
POSITIONS = ("unexpected_index_list", "partial_unexpected_index_list")


def masked(answers: Answers, sensitive: Collection[str]) -> Answers:
    """The same answers without a value of a sensitive column, in the whole document too."""
    if not sensitive:
        return answers
    results = {id: _result(result, sensitive) for id, result in answers.results.items()}
    document = dict(answers.document)
    if "results" in document:
        document["results"] = [_result(result, sensitive) for result in document["results"]]
    errors = {id: unquoted(error, sensitive) for id, error in answers.errors.items()}
    return replace(answers, results=results, document=document, errors=errors)


def require_there(sensitive: Collection[str], columns: Collection[str]) -> None:
    """Raise InfrastructureError for a sensitive column that the table has not: after a slip in lockgate.yml
    or a rename its values stand in another one, and nobody would hide them there."""
    if lost := [name for name in sensitive if name not in columns]:
        told = f"it has no column {lost[0]!r}, which lockgate.yml calls sensitive"
        raise InfrastructureError(f"{told}: where its values stand cannot be told, so nothing is shown")


def unquoted(complaint: str, sensitive: Collection[str]) -> str:
    """What a reader or an engine says, without what it quotes where a column is sensitive."""
    return QUOTED.sub(f"'{MASKED}'", complaint) if sensitive else complaint


def _result(result: Mapping[str, Any], sensitive: Collection[str]) -> Mapping[str, Any]:
    config = result.get("expectation_config") or {}
    if not _touches(config, sensitive):
        return result
    keep = {"observed_value"} if config.get("type") in VALUELESS else frozenset[str]()
    values = {k: v if k in keep else _value(k, v) for k, v in (result.get("result") or {}).items()}
    return {**result, "result": values, "exception_info": _info(result.get("exception_info") or {})}


def _touches(config: Mapping[str, Any], sensitive: Collection[str]) -> bool:
    """Whether a result may hold a value of such a column: also one of a query, which names none."""
    named = _folded(named_columns(config.get("kwargs") or {}))
    if not named:
        return not str(config.get("type")).startswith("expect_table_")
    return not named.isdisjoint(_folded(sensitive))


def _folded(names: Collection[str]) -> set[str]:
    """Names as Great Expectations tells columns apart: "PAY", `pay` and [pay] are answered from `pay`."""
    return {name.casefold().strip('"`[]') for name in names}


def _value(name: str, value: Any) -> Any:
    if name in COUNTED or value is None:
        return value
    if name in POSITIONS:
        return [each if isinstance(each, int) else MASKED for each in value]
    if isinstance(value, Mapping):
        return {key: _value(str(key), each) for key, each in value.items()}
    return [_value("", each) for each in value] if isinstance(value, list | tuple) else MASKED


def _info(info: Mapping[str, Any]) -> dict[str, Any]:
    """An exception_info, of an expectation or of each of its metrics: a message may quote a value."""
    hidden = {"exception_message", "exception_traceback"}
    return {
        name: _info(value) if isinstance(value, Mapping) else MASKED if name in hidden and value else value
        for name, value in info.items()
    }

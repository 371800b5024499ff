"""Row conditions, and other words of a suite that read as SQL but mean another thing, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.one_ask import asked

from runner.expect.condition_objects import query_of
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import answers, plan

IN_SET, MATCH = "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex"
TABLE: dict[str, Any] = {
    "a": [1, 1, 2, 2],
    "b": [2, 0, 2, 0],
    "c": [0, 0, 0, 3],
    "t": ["`b`", "col('b')", "it's", None],
    "odd name": [1, 2, 3, 4],
}


def kept(folder: Path, condition: str) -> list[int]:
    """The rows that a condition keeps."""
    where = {"row_condition": condition, "condition_parser": "pandas"}
    told = asked(folder, TABLE, IN_SET, column="a", value_set=[9], **where)[1]
    return list(told["partial_unexpected_index_list"])


@pytest.mark.parametrize(
    "condition",
    [
        "(a == 1) | (b == 2) & (c == 3)",
        "a == 1 or b == 2 and c == 3",
        "~(a == 1) & (b == 2)",
        "not a == 1 and b == 2",
        't == "`b`"',
        "t != '`b`' and `odd name` > 1",
        't == "it\'s"',
    ],
)
def test_a_condition_keeps_the_rows_that_pandas_keeps(condition: str, tmp_path: Path) -> None:
    theirs = pd.DataFrame(TABLE).query(condition).index.tolist()
    assert kept(tmp_path, condition) == theirs and theirs


@pytest.mark.parametrize(
    "condition",
    [
        "(a == 1) | (b == 2) and (c == 3)",  # to Python (.. | ..) and .., to pandas .. or (.. and ..)
        "not (a == 1) & (b == 2)",
        "(a == 1\n)",  # pandas refuses lines
        "a in {[1]}",
        "t == '\\ud800'",
        'col("a") == 1',  # Great Expectations' words are not pandas'
        "a.notNull()",
    ],
)
def test_what_python_reads_otherwise_than_pandas_is_left(condition: str, tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        kept(tmp_path, condition)


@pytest.mark.parametrize("text", ['col("a") == 2', 'col("a")>1.5', 'col("t").notNull()', 'col("t") == "`b`"'])
def test_great_expectations_own_comparisons_are_compiled(text: str, tmp_path: Path) -> None:
    where = {"row_condition": text, "condition_parser": "great_expectations"}
    assert asked(tmp_path, TABLE, IN_SET, column="a", value_set=[9], **where)[0] is False


@pytest.mark.parametrize(
    "text",
    [
        'col("a") == 1 and col("b") == 2',  # its parser stops after the first comparison
        'col("a") == 1 # a remark',
        'col("a") == 0x1',
        'col("t") == "\\x78"',
        'col("t") == " x"',
        'col("t") == ""',
        '(col("a") == 1)',  # these it cannot parse
        'not col("a") == 1',
        "col('a') == 1",
        'col("t").isnull()',
        'col("a") in [1]',
        "a == 1",
        "`a` == 1",
    ],
)
def test_more_than_great_expectations_own_grammar_is_left(text: str, tmp_path: Path) -> None:
    """Left to it: it refuses some of these, and reads the rest as something else."""
    where = {"row_condition": text, "condition_parser": "great_expectations"}
    with pytest.raises(Uncompiled, match="grammar"):
        asked(tmp_path, TABLE, IN_SET, column="a", value_set=[9], **where)


@pytest.mark.parametrize("name", ["inf", "a`b", "a\tb", "\ufb01"])
def test_columns_that_pandas_cannot_name_are_left(name: str, tmp_path: Path) -> None:
    where = {"row_condition": f'col("{name}").notNull()', "condition_parser": "great_expectations"}
    with pytest.raises(Uncompiled, match="names no column"):
        asked(tmp_path, {"a": [1], name: [1.0]}, IN_SET, column="a", value_set=[1], **where)


def test_a_column_called_as_asks_call_something_else_is_left(tmp_path: Path) -> None:
    where = {"row_condition": "`{at}`.notnull()", "condition_parser": "pandas"}
    with pytest.raises(Uncompiled, match="as asks call"):
        asked(tmp_path, {"a": [1], "{at}": [None]}, IN_SET, column="a", value_set=[1], **where)


@pytest.mark.parametrize("ignored", [["neither"], {"neither": 1}, None, 1])
def test_an_ignore_row_if_of_another_type_is_left(ignored: Any, tmp_path: Path) -> None:
    pair = {"column_A": "a", "column_B": "b", "ignore_row_if": ignored}
    with pytest.raises(Uncompiled, match="ignore_row_if"):
        asked(tmp_path, TABLE, "expect_column_pair_values_to_be_equal", **pair)
    several = {"column_list": ["a", "b"], "ignore_row_if": ignored}
    with pytest.raises(Uncompiled, match="ignore_row_if"):
        asked(tmp_path, TABLE, "expect_compound_columns_to_be_unique", **several)


def test_repeats_that_re2_refuses_within_each_other_are_left(tmp_path: Path) -> None:
    """One such pattern would have left the whole suite."""
    for pattern in ("^(?:[0-9]{1,500}){3}$", "(a|(b{30}){40})", "(a{1001,})"):
        with pytest.raises(Uncompiled, match="repeats"):
            asked(tmp_path, TABLE, MATCH, column="t", regex=pattern)
    assert asked(tmp_path, {"t": ["a" * 1000]}, MATCH, column="t", regex="^(?:(?:a{50}){20}|b{1000}c*)$")[0]


def test_half_a_character_is_left(tmp_path: Path) -> None:
    with pytest.raises(Uncompiled, match="SQL cannot hold"):
        asked(tmp_path, TABLE, IN_SET, column="t", value_set=["a", "\udc00"])


def test_a_file_may_be_called_as_asks_call_a_table(tmp_path: Path) -> None:
    path = tmp_path / "{table} of {at}.parquet"
    pq.write_table(pa.table({"x": [1, 2, 2]}), path)
    found = answers(
        plan({"it": ("expect_column_values_to_be_increasing", {"column": "x", "strictly": True})},
             columns_of(path)),
        DuckTable.of(path),
    )  # fmt: skip
    assert found["it"][1]["partial_unexpected_index_list"] == [2]


def of(column: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


def is_null(column: str, null: bool = True) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": column}, "is_null": null}


def all_of(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "and", "conditions": list(conditions)}


def any_of(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "or", "conditions": list(conditions)}


OBJECTS = [
    of("a", "==", 1),
    of("odd name", ">=", 2.0),
    of("t", "!=", "it's"),
    of("a", "IN", [2, 7]),
    of("t", "NOT_IN", ["`b`", "x"]),
    is_null("t"),
    all_of(of("a", "==", 2), is_null("t", False)),
    any_of(all_of(of("a", "==", 1), of("b", "==", 0)), of("c", ">", 2)),
    all_of(all_of(of("a", "<", 2), of("b", "<=", 0)), of("c", "==", 0)),
    {"type": "pass_through", "pass_through_filter": "a == 2 and b == 2"},
]


@pytest.mark.parametrize("told", OBJECTS, ids=range(len(OBJECTS)))
def test_a_saved_condition_is_the_query_that_great_expectations_asks(
    told: dict[str, Any], tmp_path: Path
) -> None:
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.row_conditions import (
        PassThroughCondition,
        deserialize_row_condition,
        validate_row_condition,
    )

    read: Any = deserialize_row_condition(told)
    plain = isinstance(read, PassThroughCondition)
    theirs = read.pass_through_filter if plain else PandasExecutionEngine().condition_to_filter_clause(read)
    assert query_of(told) == theirs and validate_row_condition(read)
    expected = pd.DataFrame(TABLE).query(theirs).index.tolist()
    found = asked(tmp_path, TABLE, IN_SET, column="a", value_set=[9], row_condition=told)[1]
    assert found["partial_unexpected_index_list"] == expected and expected


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"type": "surprise"},
        {"type": "comparison"},
        of("a", "~", 1),
        of("a", "==", None),
        of("a", "==", [1]),
        of("a", "IN", 1),
        of("a", "IN", []),
        of("a", "IN", [1, "x"]),
        of("gone", "==", 1),
        {**of("a", "==", 1), "more": 1},
        {**of("a", "==", 1), "column": "a"},
        {**of("a", "==", 1), "column": {"name": 1}},
        {**is_null("a"), "is_null": "yes"},
        all_of(),
        {"type": "and", "conditions": 1},
        all_of(any_of(of("a", "==", 1)), of("b", "==", 0)),  # refused there
        any_of(any_of(of("a", "==", 1)), of("b", "==", 0)),
        all_of(*[of("a", "==", 1)] * 101),
        {"type": "pass_through", "pass_through_filter": 1},
    ],
)
def test_a_saved_condition_that_is_none_is_left(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Uncompiled):
        asked(tmp_path, TABLE, IN_SET, column="a", value_set=[9], row_condition=told)


def test_a_saved_condition_however_deep_is_no_traceback(tmp_path: Path) -> None:
    told = of("a", "==", 1)
    for _ in range(5000):
        told = all_of(told)
    with pytest.raises(Uncompiled):
        query_of(told)

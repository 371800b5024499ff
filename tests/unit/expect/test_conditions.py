"""Row conditions, and other words of a suite that read as SQL but mean another thing, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.one_ask import asked

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

"""Suites as hostile input, and ids that are known before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ConfigError
from runner.stages.tables.suite import MAX_ID, check_ids, named_columns, read_suite

NOT_NULL = "expect_column_values_to_not_be_null"


def config(type: str = NOT_NULL, severity: str = "", **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs, **({"severity": severity} if severity else {})}


def read(tmp_path: Path, document: Any) -> Any:
    (tmp_path / "s.json").write_text(json.dumps(document))
    return read_suite(tmp_path, "s.json", "flights")


def test_a_suite_is_read_in_its_order(tmp_path: Path) -> None:
    suite = read(tmp_path, {"name": "s", "expectations": [config(column="b"), config(column="a")]})
    assert [e.columns for e in suite.expectations] == [("b",), ("a",)]
    assert suite.expectations[0].severity == "critical" and len(suite.sha256) == 64


REFUSED = {
    "no expectations key": ({"name": "s"}, "must be a list"),
    "no expectations": ({"name": "s", "expectations": []}, "no expectations"),
    "only warnings": ({"expectations": [config(severity="warning", column="a")]}, "nothing here can fail"),
    "no object": ({"expectations": ["x"]}, "expectation 1 must be an object"),
    "no type": ({"expectations": [{"kwargs": {}}]}, "`type` must be a name"),
    "the old name": ({"expectations": [{"expectation_type": "x"}]}, "no `type`"),
    "kwargs a list": ({"expectations": [{"type": "x", "kwargs": [1]}]}, "`kwargs` must be an object"),
    "meta a list": ({"expectations": [{"type": "x", "meta": [1]}]}, "`meta` must be an object"),
    "parameters a list": ({"expectations": [config()], "suite_parameters": [1]}, "suite_parameters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_suite_that_shows_nothing_is_refused(tmp_path: Path, name: str) -> None:
    document, what = REFUSED[name]
    with pytest.raises(ConfigError, match=what):
        read(tmp_path, document)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, {"expectations": ["x", {"type": 3}, {"type": "y", "kwargs": 1}]})
    assert len(refusal.value.problems) == 3


def test_ids_name_table_type_and_columns() -> None:
    pair = config("expect_column_pair_values_to_be_equal", column_A="a", column_B="b")
    rows = config("expect_table_row_count_to_equal", value=3)
    assert check_ids("t", [config(column="a"), pair, rows]) == [
        f"t/{NOT_NULL}(a)",
        "t/expect_column_pair_values_to_be_equal(a, b)",
        "t/expect_table_row_count_to_equal",
    ]


def test_ids_that_would_be_alike_are_told_apart_by_arguments_and_then_by_number() -> None:
    twice = config(column="a", mostly=0.9)
    where = config(column="a", row_condition='x=="1"')
    assert check_ids("t", [config(column="a"), twice, twice, where]) == [
        f"t/{NOT_NULL}(a)",
        f"t/{NOT_NULL}(a, mostly=0.9)",
        f"t/{NOT_NULL}(a, mostly=0.9)#2",
        f't/{NOT_NULL}(a, where x=="1")',
    ]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
configs = st.builds(
    lambda type, kwargs: {"type": type, "kwargs": kwargs},
    st.text(min_size=1, max_size=20),
    st.dictionaries(st.sampled_from(["column", "column_list", "mostly", "row_condition", "x"]), values),
)


@given(st.lists(configs, max_size=8))
def test_ids_are_unique_short_and_printable_whatever_the_suite(drawn: list[dict[str, Any]]) -> None:
    ids = check_ids("t", drawn)
    assert len(set(ids)) == len(ids) == len(drawn)
    assert all(id.isprintable() and len(id) <= MAX_ID + 5 for id in ids)


def test_columns_named_by_arguments() -> None:
    assert named_columns({"column": "a"}) == ("a",)
    assert named_columns({"column_list": ["a", "b"], "mostly": 1}) == ("a", "b")
    assert named_columns({"value": 3}) == ()

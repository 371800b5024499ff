"""What differs between agreed columns and those of a table, told by its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.contract.columns import Agreed, read_contract, written
from runner.contract.differences import Found, differences
from runner.errors import ConfigError


def agreed(text: str) -> list[Agreed]:
    """`name:type` of columns; with `!` they bear no nulls."""
    pairs = (each.rstrip("!").split(":") for each in text.split())
    return [Agreed(n, t, not e.endswith("!")) for (n, t), e in zip(pairs, text.split(), strict=True)]


def found(text: str) -> list[Found]:
    """`name:type` or `name:type:nulls` of columns."""
    parts = (each.split(":") for each in text.split())
    return [Found(p[0], p[1], int(p[2]) if len(p) > 2 else None) for p in parts]


def told(before: str, after: str) -> list[str]:
    """`column kind` of each difference; those of the table as a whole have no column."""
    all_ = differences(agreed(before), found(after))
    own = [f"{name} {each.kind}" for name, each_ in all_.columns.items() for each in each_]
    return [*own, *(each.kind for each in all_.table)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a:int32 b:text", "a:int32 b:text", []),
        ("a:int32", "a:int32 b:text", ["added"]),
        ("a:int32 b:text", "a:int32", ["b removed"]),
        ("a:int32", "a:int64", ["a widened"]),
        ("a:int64", "a:int32", ["a changed"]),  # narrower: what was cut off is not known
        ("a:int64", "a:float64", ["a changed"]),  # beyond 2**53 it is another number
        ("a:int64", "a:text", ["a changed"]),
        ("a:int64!", "a:int64:3", ["a widened"]),
        ("a:int64!", "a:int64:0", []),
        ("a:int64", "a:int64:3", []),
        ("a:int32!", "a:int64:3", ["a widened", "a widened"]),
        ("a:int32 b:text", "b:text a:int32", ["reordered"]),
        ("a:int32 b:text c:bool", "c:bool b:text a:int64 d:date", ["a widened", "added", "reordered"]),
        ("a:int32 b:text", "c:int32 b:text", ["a renamed"]),
        ("a:int32 b:text c:bool", "a:int32 x:text c:bool", ["b renamed"]),
        ("a:int32! b:text", "c:int32:2 b:text", ["a renamed", "a widened"]),
        ("a:int32 b:text", "c:int64 b:text", ["a removed", "added"]),  # another type: nobody can tell
        ("a:int32 b:text", "b:text c:int32", ["a removed", "added"]),  # another place
        ("a:int32 b:int32 z:text", "c:int32 d:int32 z:text", ["a removed", "b removed", "added", "added"]),
        ("a:int32 b:int32 z:text", "c:int32 z:text", ["a removed", "b removed", "added"]),
        ("a:int32 z:text", "c:int32 d:int32 z:text", ["a removed", "added", "added"]),
        ("a:int32 b:text z:bool", "c:int32 d:text z:bool", ["a renamed", "b renamed"]),
        ("z:bool a:int32", "z:bool n:date c:int32", ["a renamed", "added"]),
    ],
)
def test_each_difference_is_of_one_kind(before: str, after: str, expected: list[str]) -> None:
    assert told(before, after) == expected


def test_a_difference_says_what_it_is() -> None:
    both = differences(agreed("a:int32! b:text c:bool"), found("x:int64 b:text:1 d:bool n:date"))
    words = [each.told for column in both.columns.values() for each in column]
    assert words == ["it is not there", "it is called 'd' now"]
    assert [each.told for each in both.table] == ["'x' (int64)", "'n' (date)"]


def test_a_contract_is_read_as_it_was_written(tmp_path: Path) -> None:
    columns = (Agreed("a", "int64", False), Agreed('é "b"', "decimal(10,2)"), Agreed("c", "other(map<a, b>)"))
    (tmp_path / "c.json").write_text(written(columns))
    contract = read_contract(tmp_path, "c.json")
    assert contract.columns == columns and len(contract.sha256) == 64
    assert written(columns).count("\n") == 7


ONE = {"name": "a", "type": "int64"}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([ONE], "must be a JSON object"),
        ({}, "columns: must be a list"),
        ({"columns": []}, "columns: must be a list that is not empty"),
        ({"columns": [ONE], "colums": 1}, "unknown field 'colums'"),
        ({"columns": ["a"]}, r"columns\[0\]: must be an object"),
        ({"columns": [{**ONE, "nullabel": True}]}, "did you mean 'nullable'"),
        ({"columns": [{"type": "int64"}]}, r"columns\[0\].name"),
        ({"columns": [{"name": "", "type": "int64"}]}, r"columns\[0\].name"),
        ({"columns": [{"name": "a"}]}, r"columns\[0\].type: null is no type"),
        ({"columns": [{**ONE, "type": "integer"}]}, r'columns\[0\].type: "integer" is no type'),
        ({"columns": [{**ONE, "nullable": "no"}]}, r"columns\[0\].nullable"),
        ({"columns": [ONE, ONE]}, r"columns\[1\]: 'a' is there twice"),
    ],
)
def test_a_contract_that_is_none_is_refused(document: Any, problem: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=problem):
        read_contract(tmp_path, "c.json")

"""`where` expressions: a small language that is never run, with SQL's logic of nulls."""

from __future__ import annotations

import contextlib
import sqlite3

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.judge.predictions import CannotCompute
from runner.judge.slicing.expression import Refused, parse
from runner.judge.slicing.operands import select

TABLE = pd.DataFrame(
    {
        "distance": [500, 1500, 2500, 1500],
        "delay": [1.5, None, -3.0, 0.0],
        "origin": ["JFK", "LGA", None, "JFK"],
        "late": [True, False, True, True],
        "day": pd.to_datetime(["2013-01-01", "2013-06-01", "2013-12-01", None]),
        "odd name": [1, 2, 3, 4],
    }
)


def rows(text: str) -> list[int]:
    return np.flatnonzero(select(parse(text), TABLE)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("distance > 1000 and origin == 'JFK'", [3]),
        ("1000 < distance <= 2000", [1, 3]),
        ("origin in ('JFK', 'EWR')", [0, 3]),
        ("origin not in ['JFK']", [1]),
        ("origin is null", [2]),
        ("delay is not None", [0, 2, 3]),
        ("not (delay > 0)", [2, 3]),
        ("delay != 0", [0, 2]),
        ("delay > 0 or distance > 2000", [0, 2]),
        ("distance / 2 - 250 == 0", [0]),
        ("distance / delay > 0", [0]),
        ("distance % 1000 == 500 and -distance < -600", [1, 2, 3]),
        ("late", [0, 2, 3]),
        ("not late or origin == 'JFK'", [0, 1, 3]),
        ("late == False", [1]),
        ("day >= '2013-06-01'", [1, 2]),
        ("column['odd name'] in (-1, 2)", [1]),
    ],
)
def test_an_expression_selects_its_rows(text: str, expected: list[int]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("__import__('os').system('true')", "neither true nor false"),
        ("distance.values.dtype == 1", "is not allowed"),
        ("distance == open('x')", "is not allowed"),
        ("distance == (lambda: 1)()", "is not allowed"),
        ("distance == f'{origin}'", "is not allowed"),
        ("distance ** 9 ** 9 > 1", "is not allowed"),
        ("distance << 9 > 1", "is not allowed"),
        ("[x for x in distance]", "neither true nor false"),
        ("origin[0] == 'J'", "is not allowed"),
        ("(x := distance) > 1", "is not allowed"),
        ("distance in origin", "'in' wants a list"),
        ("distance in (origin,)", "numbers or texts"),
        ("distance is 5", "goes with null"),
        ("distance == null", "is not null"),
        ("distance in (1, 2) < 3", "chains"),
        ("distance + 1", "neither true nor false"),
        ("1 < 2", "names no column"),
        ("distance >", "not an expression"),
        ("", "not an expression"),
        ("distance > 1\0", "not an expression"),
        ("distance > " + "1" * 600, "longer than"),
        ("not " * 60 + "late", "more than 30"),
        ("distance > " + "-" * 60 + "1", "more than 30"),
        ("distance == 99999999999999999999", "is not allowed"),
        ("distance == 1j", "is not allowed"),
    ],
)
def test_what_is_not_of_the_language_is_refused_with_its_cause(text: str, cause: str) -> None:
    with pytest.raises(Refused, match=cause.replace("(", r"\(")):
        parse(text)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("origni == 'JFK'", "did you mean 'origin'"),
        ("origin > 5", "origin is text, 5 is a number"),
        ("distance == '500'", "they cannot be compared"),
        ("origin + 1 > 2", "not a number to reckon with"),
        ("distance", "neither true nor false"),
        ("day > 'soon'", "is no time"),
    ],
)
def test_what_does_not_fit_the_table_is_told(text: str, cause: str) -> None:
    with pytest.raises(CannotCompute, match=cause):
        select(parse(text), TABLE)


def test_columns_of_mixed_kinds_cannot_be_compared() -> None:
    with pytest.raises(CannotCompute, match="no one kind"):
        select(parse("x == 1"), pd.DataFrame({"x": [1, "a", [2]]}))


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Refused, CannotCompute):
        select(parse(text), TABLE)


ATOMS = st.sampled_from(
    ["a > 0", "b == 1", "a < b", "a is null", "b is not null", "a in (0, 1)", "a + b > 1"]
)
LOGIC = st.recursive(
    ATOMS,
    lambda part: (
        st.tuples(part, part).map(lambda p: f"({p[0]} and {p[1]})")
        | st.tuples(part, part).map(lambda p: f"({p[0]} or {p[1]})")
        | part.map(lambda p: f"(not {p})")
    ),
    max_leaves=8,
)
VALUES = [None, -1, 0, 1, 2]


@settings(deadline=None)  # a busy machine is no failure
@given(LOGIC)
def test_nulls_are_what_they_are_in_sql(text: str) -> None:
    """SQLite is asked the same of every pair of values."""
    table = pd.DataFrame([(a, b) for a in VALUES for b in VALUES], columns=["a", "b"], dtype=float)
    with sqlite3.connect(":memory:") as base:
        base.execute("create table t (a, b)")
        base.executemany("insert into t values (?, ?)", [(a, b) for a in VALUES for b in VALUES])
        told = base.execute(f"select rowid - 1 from t where {text} order by rowid").fetchall()  # noqa: S608
    assert np.flatnonzero(select(parse(text), table)).tolist() == [row for (row,) in told]

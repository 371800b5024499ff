"""What holds between tables: keys that stand in another one, rows for another's rows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from helpers.between import job, judged, source, table
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import InfrastructureError
from runner.model import Check, Status
from runner.sources.in_memory import arrow_of, workspace
from runner.stages.data import run
from runner.stages.tables.orphans import Side, orphans

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
TIME = datetime(2013, 1, 1, 5)


NUMBERS, TEXTS = st.sampled_from([0, 1, 2, 5]), st.sampled_from(["", "a", "b", "A"])
PARQUET = (".parquet", ".parquet")


def key(root: Path, child: Any, parent: Any, suffixes: tuple[str, str] = PARQUET, **rule: Any) -> Check:
    """The check of a foreign key `k` of table `c` into table `p`."""
    made = zip("cp", (child, parent), suffixes, strict=True)
    tables = {n: table(root, n, v if isinstance(v, dict) else {"k": v}, suffix) for n, v, suffix in made}
    relation = {"kind": "foreign-key", "table": "c", "columns": ["k"], "references": "p", **rule}
    return judged(root, tables, relations={"r": relation})["c/foreign-key(r)"]


def test_every_key_stands_in_the_other_table(tmp_path: Path) -> None:
    check = key(tmp_path, ["a", "b", "a", None], ["b", "a", "z"])
    assert (check.status, check.cause) == (PASSED, "")
    assert check.measured == "0 of 3 rows have no match, 1 more have nulls"
    assert check.limit == "every k in p (k)"


def test_what_has_no_match_is_told_with_its_rows(tmp_path: Path) -> None:
    check = key(tmp_path, ["a", "x", "b", "y", "x", None], ["a", "b"])
    assert check.status is FAILED
    assert check.cause == (
        "3 of 5 rows have no match (60.00%), 1 more have nulls: 2 different keys, 'x' in 2 rows from row 1;"
        " 'y' in 1 row from row 3"
    )


def test_only_the_most_frequent_are_told(tmp_path: Path) -> None:
    check = key(tmp_path, [n // 2 for n in range(100)] + [7] * 3, [-1])
    assert "50 different keys, '7' in 5 rows from row 14; '0' in 2 rows from row 0;" in check.cause
    assert check.cause.endswith("; …") and check.cause.count(" in ") == 5


@pytest.mark.parametrize(("mostly", "status"), [(0.75, PASSED), (0.76, FAILED), (1.0, FAILED)])
def test_mostly_is_a_share_of_the_rows_that_have_a_key(mostly: float, status: Status, tmp_path: Path) -> None:
    check = key(tmp_path, ["a", "a", "a", "x", None, None], ["a"], mostly=mostly)
    assert check.status is status and "1 of 4 rows have no match (25.00%)" in check.measured


def test_keys_of_several_columns_match_as_a_whole_and_a_null_in_any_is_ignored(tmp_path: Path) -> None:
    child = {"a": ["x", "x", "y", None, "q"], "b": [1.0, 2.0, 2.0, 9.0, None]}
    parent = {"u": ["x", "y", "y"], "v": [1, 1, 2]}
    rule = {"columns": ["a", "b"], "referenced": ["u", "v"]}
    check = key(tmp_path, child, parent, **rule)
    assert check.status is FAILED and check.limit == "every (a, b) in p (u, v)"
    assert check.cause == (
        "1 of 3 rows have no match (33.33%), 2 more have nulls:"
        " 1 different key, 'x', '2.0' in 1 row from row 1"
    )


@pytest.mark.parametrize(
    ("child", "parent", "lost"),
    [
        ([1, 2, 3], [1.0, 2.0, np.nan], 1),
        ([1.0, 2.5, np.nan, 3.0], [1, 2, 3], 1),
        ([2.0**53, 1.0], [2**53 + 1, 1], 1),  # a cast to floats would find it
        ([2**53 + 1], [2.0**53], 1),
        (pd.array([2**64 - 1], "UInt64"), [-1], 1),
        (pd.array([2**63 - 1, 5], "UInt64"), [2**63 - 1, 5], 0),
        (np.array([1, 2], "int8"), np.array([2, 1], "int64"), 0),
        (np.array([0.1], "float32"), [0.1], 1),
        (np.array([0.5], "float32"), [0.5], 0),
        ([float("inf"), 1.0], [1], 1),
        ([Decimal("1.50"), Decimal("2.00")], [Decimal("1.5000"), Decimal("2.0001")], 1),
        ([1, 2], [Decimal("1.00"), Decimal("2.01")], 1),
        (["a", "A", ""], ["a", ""], 1),
        (["日", "é"], ["é", "e\u0301"], 1),
        ([True, False], [True], 1),
        ([date(2013, 1, 1)], [date(2013, 1, 2)], 1),
        (pd.Series([TIME]).astype("datetime64[ns]"), pd.Series([TIME]).astype("datetime64[ms]"), 0),
        (pd.Series([TIME + timedelta(microseconds=1)]), pd.Series([TIME]).astype("datetime64[ms]"), 1),
        ([TIME.replace(tzinfo=UTC)], pd.Series([TIME.replace(tzinfo=UTC)]).dt.tz_convert("Asia/Tokyo"), 0),
        (pd.Categorical(["a", "b"]), ["a"], 1),
    ],
)  # fmt: skip
def test_keys_are_compared_without_loss(child: Any, parent: Any, lost: int, tmp_path: Path) -> None:
    check = key(tmp_path, child, parent)
    assert check.status is (FAILED if lost else PASSED), check.cause
    assert check.measured.startswith(f"{lost} of ")


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (["1"], [1]),
        ([1], ["1"]),
        ([TIME], [TIME.replace(tzinfo=UTC)]),
        ([TIME], ["2013-01-01 05:00:00"]),
        ([date(2013, 1, 1)], [datetime(2013, 1, 1)]),
        ([True], [1]),
        ([Decimal("0.1")], [0.1]),
    ],
)
def test_types_that_cannot_be_compared_are_no_evidence(child: Any, parent: Any, tmp_path: Path) -> None:
    check = key(tmp_path, child, parent)
    assert check.status is ERROR and "'k' of type " in check.cause and "cannot be compared" in check.cause


@pytest.mark.parametrize("suffixes", [(".csv", ".csv"), (".csv", ".parquet"), (".parquet", ".csv")])
def test_tables_of_other_formats_are_compared_too(suffixes: tuple[str, str], tmp_path: Path) -> None:
    check = key(tmp_path, ["a", "x", None], ["a", "b"], suffixes)
    assert check.status is FAILED and "1 of 2 rows have no match" in check.cause
    assert check.cause.endswith("'x' in 1 row from row 1")


@pytest.mark.parametrize(
    ("child", "parent", "status", "cause"),
    [
        (
            pd.Series([None, None], dtype="str"),
            ["a"],
            ERROR,
            "no row has a key (2 with nulls), so it shows",
        ),
        (pd.Series([], dtype="str"), ["a"], ERROR, "no row has a key (0 with nulls)"),
        (["a"], pd.Series([], dtype="str"), FAILED, "1 of 1 rows have no match"),
        ({"x": [1]}, ["a"], FAILED, "table c has no column 'k'"),
        (["a"], {"x": [1]}, FAILED, "table p has no column 'k'"),
    ],
)
def test_tables_that_show_nothing_or_lack_the_key(
    child: Any, parent: Any, status: Status, cause: str, tmp_path: Path
) -> None:
    found = key(tmp_path, child, parent)
    assert found.status is status and cause in found.cause


def test_nan_is_no_key(tmp_path: Path) -> None:
    tables = {
        "c": table(tmp_path, "c", pa.table({"k": [1.5, float("nan"), None]})),
        "p": table(tmp_path, "p", pa.table({"k": [1.5, float("nan")]})),
    }
    relation = {"kind": "foreign-key", "table": "c", "columns": ["k"], "references": "p"}
    check = judged(tmp_path, tables, relations={"r": relation})["c/foreign-key(r)"]
    assert (check.status, check.measured) == (PASSED, "0 of 1 rows have no match, 2 more have nulls")


def test_a_table_may_refer_to_itself(tmp_path: Path) -> None:
    tables = {"t": table(tmp_path, "t", {"id": [1, 2, 3], "boss": [np.nan, 1.0, 9.0]})}
    relation = {
        "kind": "foreign-key",
        "table": "t",
        "columns": ["boss"],
        "references": "t",
        "referenced": ["id"],
    }
    check = judged(tmp_path, tables, relations={"boss": relation})["t/foreign-key(boss)"]
    assert check.status is FAILED and "'9.0' in 1 row from row 2" in check.cause


@pytest.mark.parametrize("where", ["c", "p"])
def test_sensitive_values_are_not_told(where: str, tmp_path: Path) -> None:
    tables: dict[str, Any] = {
        "c": {"source": table(tmp_path, "c", {"k": ["secret", "a"]})},
        "p": {"source": table(tmp_path, "p", {"k": ["a"]})},
    }
    tables[where]["sensitive"] = ["k"]
    relation = {"kind": "foreign-key", "table": "c", "columns": ["k"], "references": "p"}
    check = judged(tmp_path, tables, relations={"r": relation})["c/foreign-key(r)"]
    assert check.status is FAILED and "a sensitive one in 1 row from row 0" in check.cause
    assert "secret" not in json.dumps([check.cause, check.measured, check.details])


def test_a_table_that_could_not_be_read_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1 this is none")
    tables = {"c": table(tmp_path, "c", {"k": [1]}), "p": "p.parquet"}
    relations = {
        "key": {"kind": "foreign-key", "table": "c", "columns": ["k"], "references": "p"},
        "rows": {"kind": "row-counts", "table": "c", "other": "p", "most": 1},
    }
    report = run(job(tmp_path, tables, relations=relations))
    found = {check.id: check for check in report.checks}
    for id in ("c/foreign-key(key)", "c/row-counts(rows)"):
        assert (found[id].status, found[id].cause) == (ERROR, "table p could not be read")
    assert report.status is ERROR


def test_a_table_that_vanishes_in_between_is_no_evidence(tmp_path: Path) -> None:
    for name in "cp":
        table(tmp_path, name, {"k": [1]})
    sides = [Side(source(tmp_path, f"{name}.parquet"), ("k",)) for name in "cp"]
    sides[0].source.columns(), sides[1].source.columns()
    (tmp_path / "p.parquet").unlink()
    with pytest.raises(Exception, match="cannot be"):
        orphans(workspace(), *sides)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_finds_what_a_loop_finds(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    root = tmp_path_factory.mktemp("keys")
    columns = data.draw(st.lists(st.sampled_from([NUMBERS, TEXTS]), min_size=1, max_size=2))
    rows = st.lists(st.tuples(*(st.none() | each for each in columns)), min_size=1, max_size=12)
    child, parent = data.draw(rows), data.draw(rows)
    names = tuple(f"k{n}" for n in range(len(columns)))
    for name, told in (("c", child), ("p", parent)):
        kinds = {n: "Int64" if each is NUMBERS else "str" for n, each in zip(names, columns, strict=True)}
        table(root, name, pd.DataFrame(told, columns=list(names)).astype(kinds))
    found = orphans(workspace(), *(Side(source(root, f"{name}.parquet"), names) for name in "cp"))
    examined = [row for row in child if None not in row]
    lost = [row for row in examined if row not in parent]
    assert (found.examined, found.rows, found.keys) == (len(examined), len(lost), len(set(lost)))
    assert found.ignored == len(child) - len(examined)


@pytest.mark.parametrize(
    ("rows", "others", "rule", "status", "cause"),
    [
        (10, 5, {"least": 2, "most": 2}, PASSED, ""),
        (
            10,
            5,
            {"most": 1.9},
            FAILED,
            "10 rows, 2 times the 5 of p; expected: at most 1.9 times the rows of p",
        ),
        (10, 5, {"least": 2.1}, FAILED, "10 rows, 2 times the 5 of p; expected: at least 2.1 times"),
        (3, 10, {"least": 0.3}, PASSED, ""),
        (0, 5, {"least": 1}, FAILED, "0 rows, 0 times the 5 of p"),
        (0, 5, {"most": 1}, ERROR, "c has no rows, so it shows nothing"),
        (5, 0, {"least": 1}, ERROR, "p has no rows, so there is no ratio"),
        (0, 0, {"most": 1}, ERROR, "p has no rows, so there is no ratio"),
    ],
)
def test_rows_for_rows(
    rows: int, others: int, rule: dict[str, Any], status: Status, cause: str, tmp_path: Path
) -> None:
    tables = {"c": table(tmp_path, "c", {"a": range(rows)}), "p": table(tmp_path, "p", {"b": range(others)})}
    relation = {"kind": "row-counts", "table": "c", "other": "p", **rule}
    check = judged(tmp_path, tables, relations={"r": relation})["c/row-counts(r)"]
    assert check.status is status and check.cause.startswith(cause) and bool(cause) == bool(check.cause)


def test_a_table_that_changes_before_it_is_compared_is_no_evidence(tmp_path: Path) -> None:
    tables = {name: table(tmp_path, name, {"k": [1]}) for name in "cp"}
    relation = {"kind": "foreign-key", "table": "c", "columns": ["k"], "references": "p"}

    def told(check: Check) -> None:
        if check.id == "p/table":  # all tables are judged, nothing is compared yet
            table(tmp_path, "p", {"k": [1, 2]})

    report = run(replace(job(tmp_path, tables, relations={"r": relation}), progress=told))
    found = {check.id: check for check in report.checks}["c/foreign-key(r)"]
    assert (found.status, found.cause) == (ERROR, "table p changed or vanished while it was compared")


def test_no_value_is_told_of_keys_that_cannot_be_compared(tmp_path: Path) -> None:
    check = key(tmp_path, [Decimal("1.5"), Decimal(10**36 + 7)], [Decimal("0.00001")])
    assert (check.status, check.cause) == (ERROR, "a key is beyond the type in which both can be compared")
    with pytest.raises(InfrastructureError, match="'k' holds values of several types"):
        arrow_of(pd.DataFrame({"k": ["x", b"y", 1]}), ["k"])

"""A table against its contract, wherever its types come from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.between import job, judged, source, table

from runner.contract.columns import Agreed, written
from runner.contract.found import contract_of
from runner.errors import ConfigError
from runner.model import Check, Status
from runner.stages.data import run

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
COLUMNS: dict[str, Any] = {"n": [1, 2], "x": [0.5, None], "s": ["a", None], "b": [True, False]}
AGREED = (Agreed("n", "int64", False), Agreed("x", "float64"), Agreed("s", "text"), Agreed("b", "bool"))


def contract(
    root: Path, columns: Any, agreed: tuple[Agreed, ...] = AGREED, suffix: str = ".parquet", **rule: Any
) -> dict[str, Check]:
    """The contract's checks, by column; that of the table as a whole by ''."""
    (root / "c.json").write_text(written(agreed))
    fields = {"source": table(root, "t", columns, suffix), "contract": {"columns": "c.json", **rule}}
    checks = judged(root, {"t": fields})
    told = {id.removeprefix("t/contract"): check for id, check in checks.items() if "/contract" in id}
    return {id.strip("()"): check for id, check in told.items()}


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_table_that_is_as_agreed_passes_by_column(suffix: str, tmp_path: Path) -> None:
    checks = contract(tmp_path, COLUMNS, suffix=suffix)
    assert list(checks) == ["n", "x", "s", "b", ""]
    assert {check.status for check in checks.values()} == {PASSED}
    assert (checks["n"].measured, checks["n"].limit) == ("int64", "int64, no nulls")
    assert (checks[""].measured, checks[""].limit) == ("4 columns", "no changes but added, reordered")


KINDS = ("added", "removed", "widened", "renamed", "reordered")
BREAKS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "added": ({**COLUMNS, "z": [1, 2]}, "", "added: 'z' (int64)", "added"),
    "removed": ({k: v for k, v in COLUMNS.items() if k != "s"}, "s", "removed: it is not there", "removed"),
    "renamed": ({"id": [1, 2], **{k: v for k, v in COLUMNS.items() if k != "n"}}, "n",
                "renamed: it is called 'id' now", "renamed"),
    "nulls": ({**COLUMNS, "n": pd.array([1, None], "Int64")}, "n", "widened: 1 null, where none were agreed",
              "widened"),
    "reordered": ({"s": COLUMNS["s"], **COLUMNS}, "", "reordered: 's' stands where 'n' did", "reordered"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BREAKS)
def test_a_change_is_a_breach_unless_it_is_allowed(kind: str, tmp_path: Path) -> None:
    columns, name, cause, allow = BREAKS[kind]
    others = [each for each in KINDS if each != allow]
    breach = contract(tmp_path, columns, allow=others)
    assert (breach[name].status, breach[name].cause) == (FAILED, cause)
    assert {check.status for id, check in breach.items() if id != name} == {PASSED}
    borne = contract(tmp_path, columns, allow=[allow])
    assert (borne[name].status, borne[name].cause) == (PASSED, f"allowed: {cause}")


def test_a_type_may_widen_and_never_change(tmp_path: Path) -> None:
    agreed = (Agreed("n", "int32"), Agreed("x", "float64"), Agreed("s", "text"), Agreed("b", "int8"))
    checks = contract(
        tmp_path, COLUMNS, agreed, allow=["added", "removed", "widened", "renamed", "reordered"]
    )
    assert (checks["n"].status, checks["n"].cause) == (PASSED, "allowed: widened: int32 is int64 now")
    assert (checks["b"].status, checks["b"].cause) == (FAILED, "changed: int8 is bool now")
    assert contract(tmp_path, COLUMNS, agreed)["n"].status is FAILED


def test_nulls_are_counted_in_a_column_by_its_new_name(tmp_path: Path) -> None:
    columns = {"id": pd.array([1, None], "Int64"), "s": ["a", "b"]}
    agreed = (Agreed("n", "int64", False), Agreed("s", "text"))
    check = contract(tmp_path, columns, agreed, allow=["renamed"])["n"]
    told = "widened: 1 null, where none were agreed; allowed: renamed: it is called 'id' now"
    assert (check.status, check.cause) == (FAILED, told)


def test_a_breach_is_told_before_what_is_allowed(tmp_path: Path) -> None:
    checks = contract(tmp_path, {"z": [1], "s": ["a"], "n": [1]}, (Agreed("n", "int64"), Agreed("s", "text")),
                      allow=["added"])  # fmt: skip
    assert checks[""].cause == "reordered: 's' stands where 'n' did; allowed: added: 'z' (int64)"


TIME = datetime(2013, 1, 1)
TYPED: dict[str, tuple[Any, str]] = {
    "small": (np.array([1, 2], "int8"), "int8"),
    "unsigned": (np.array([1, 2], "uint32"), "uint32"),
    "single": (np.array([1, 2], "float32"), "float32"),
    "nullable": (pd.array([1, None], "Int16"), "int16"),
    "day": ([date(2013, 1, 1), None], "date"),
    "time": (pd.Series([TIME, TIME]).astype("datetime64[ns]"), "timestamp"),
    "instant": ([TIME.replace(tzinfo=UTC)] * 2, "timestamptz"),
    "zone": (pd.Series([TIME.replace(tzinfo=UTC)] * 2).dt.tz_convert("Asia/Tokyo"), "timestamptz"),
    "money": ([Decimal("1.50"), Decimal("20.00")], "decimal(4,2)"),
    "word": (pd.Categorical(["a", "b"]), "text"),
    "bytes": ([b"a", b"b"], "binary"),
    "list": ([[1], [2]], "other(list<l: int64>)"),
}


def test_parquets_types_have_names_and_what_is_written_passes(tmp_path: Path) -> None:
    place = table(tmp_path, "t", {name: values for name, (values, _) in TYPED.items()})
    told = contract_of(source(tmp_path, place))
    assert [(each.name, each.type) for each in told if each.name != "list"] == [
        (name, type) for name, (_, type) in TYPED.items() if name != "list"
    ]
    assert told[-1].type.startswith("other(list<")
    checks = contract(tmp_path, {name: values for name, (values, _) in TYPED.items()}, told, allow=[])
    assert {check.status for check in checks.values()} == {PASSED}


def test_an_index_that_pandas_wrote_is_a_column_as_great_expectations_sees_it(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5, 2.5]}, index=pd.Index(["x", "y"], name="key")).to_parquet(tmp_path / "t.parquet")
    told = contract_of(source(tmp_path, "t.parquet"))
    assert {each.name: each.type for each in told} == {"key": "text", "a": "float64"}


@pytest.mark.parametrize(
    ("values", "type", "status"),
    [
        (["1", "2"], "int64", PASSED),
        (["1", ""], "int64", PASSED),  # whole, beside nulls
        (["1.5", ""], "int64", FAILED),
        (["1", "2"], "float64", PASSED),  # a float may be written without a point
        (["1e400", ""], "int64", FAILED),  # infinite
        (["a", "b"], "int64", FAILED),
        (["1", "2"], "text", PASSED),  # so may a text that is all digits
        (["", ""], "int64", PASSED),
        (["", ""], "bool", PASSED),
        (["true", ""], "bool", PASSED),
        (["1", "2"], "bool", FAILED),
        (["2013-01-01", ""], "date", FAILED),  # it has no dates
        (["18446744073709551615", "1"], "uint64", PASSED),
    ],
)
def test_csv_has_no_types_but_what_its_values_fit(
    values: list[str], type: str, status: Status, tmp_path: Path
) -> None:
    rows = {"a": ["x", "y"], "v": values}
    checks = contract(tmp_path, rows, (Agreed("a", "text"), Agreed("v", type)), ".csv")
    assert checks["v"].status is status, checks["v"].cause


def test_json_lines_know_texts_from_numbers(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(written((Agreed("a", "text"), Agreed("b", "int64"))))
    (tmp_path / "t.jsonl").write_text('{"a": 1, "b": 1}\n{"a": 2, "b": null}\n')
    checks = judged(tmp_path, {"t": {"source": "t.jsonl", "contract": {"columns": "c.json"}}})
    assert checks["t/contract(a)"].cause == "changed: text is int64 now"
    assert checks["t/contract(b)"].status is PASSED


def test_nan_is_a_null(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.array([0.5, float("nan")])}), tmp_path / "t.parquet")
    (tmp_path / "c.json").write_text(written((Agreed("x", "float64", False),)))
    check = judged(tmp_path, {"t": {"source": "t.parquet", "contract": {"columns": "c.json"}}})[
        "t/contract(x)"
    ]
    assert (check.status, check.cause) == (FAILED, "widened: 1 null, where none were agreed")


def test_a_contract_that_is_none_stops_the_stage_before_a_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"columns": [{"name": "a", "type": "integer"}]}')
    made = job(tmp_path, {"t": {"source": "is-not-there.parquet", "contract": {"columns": "c.json"}}})
    with pytest.raises(ConfigError, match=r"c\.json: .*is no type"):
        run(made)


def test_a_table_that_cannot_be_read_skips_its_contract_and_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(written(AGREED))
    (tmp_path / "t.parquet").write_bytes(b"none")
    report = run(job(tmp_path, {"t": {"source": "t.parquet", "contract": {"columns": "c.json"}}}))
    assert report.status is ERROR and len(report.collected) == len(report.checks) == 2 + len(AGREED) + 1


def test_the_manifest_names_the_contract_by_its_digest(tmp_path: Path) -> None:
    contract(tmp_path, COLUMNS)
    rule = {"source": "t.parquet", "contract": {"columns": "c.json"}}
    facts = run(job(tmp_path, {"t": rule})).judged[0].facts["contract"]
    assert facts["columns"] == "c.json" and facts["allow"] == ["added", "reordered"]
    assert json.loads(json.dumps(facts))["sha256"]


def test_columns_that_only_odd_characters_tell_apart_have_checks_of_their_own(tmp_path: Path) -> None:
    names = ("a b", "a\nb", "a\x00b")
    checks = contract(tmp_path, {n: [1] for n in names[:2]}, tuple(Agreed(n, "int64") for n in names[:2]))
    assert list(checks) == ["a b", "a b)#2", ""] and {c.status for c in checks.values()} == {PASSED}


def test_rows_that_are_not_there_say_no_types_where_the_format_has_none(tmp_path: Path) -> None:
    empty = {name: pd.Series(values, dtype="int64" if name == "n" else "float64")[:0]
             for name, values in (("n", [1]), ("x", [0.5]))}  # fmt: skip
    checks = contract(tmp_path, empty, AGREED[:2], ".csv")
    assert {check.status for check in checks.values()} == {ERROR}
    assert "it has no rows" in checks["n"].cause
    assert {check.status for check in contract(tmp_path, empty, AGREED[:2]).values()} == {PASSED}

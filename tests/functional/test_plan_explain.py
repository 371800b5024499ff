"""`lockgate plan --explain data`: what is compiled, what is left, and why; before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.project import minimal, write

from runner.cli import main

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}
RARE = {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "x"}}
GONE = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "gone", "max_value": 1}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    config = minimal()
    config["stages"]["data"]["tables"] = {"t": {"source": "t.parquet", "suite": "t.json"}}
    write(tmp_path, config)
    (tmp_path / "t.json").write_text(json.dumps({"expectations": [NOT_NULL, RARE, GONE]}), encoding="utf-8")
    return tmp_path


def explained(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["plan", "--explain", "data", "--json", "--solution", str(root)]) == 0
    table: dict[str, Any] = json.loads(capsys.readouterr().out)["stages"]["data"]["t"]
    return table


def test_a_table_that_is_there_tells_what_is_compiled(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(pa.table({"x": [1, 2]}), root / "t.parquet")
    told = explained(root, capsys)
    assert told["columns_known"] and told["compiled"] == ["t/expect_column_values_to_not_be_null(x)"]
    assert told["left"] == {
        "t/expect_column_values_to_be_dateutil_parseable(x)": "of a type that is not compiled: "
        "what Python's parsers take is not said in SQL",
        "t/expect_column_max_to_be_between(gone)": "there is no column 'gone'",
    }


def test_in_words(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(pa.table({"x": [1, 2]}), root / "t.parquet")
    assert main(["plan", "--explain", "data", "--solution", str(root)]) == 0
    said = capsys.readouterr().out
    assert "t (t.parquet): 1 of 3 compiled\n" in said
    assert "left      t/expect_column_max_to_be_between(gone): there is no column 'gone'" in said


def test_a_table_that_is_not_there_is_told_by_types_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = explained(root, capsys)
    assert not told["columns_known"] and "not known yet: there is no such file" in told["note"]
    assert len(told["compiled"]) == 2 and len(told["left"]) == 1


def test_what_is_no_parquet_is_told_as_that(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "t.parquet").write_bytes(b"no table")
    told = explained(root, capsys)
    assert not told["columns_known"] and "cannot be read" in told["note"]


@pytest.mark.parametrize("source", ["t.csv", "s3://bucket/t.csv"])
def test_of_a_csv_the_columns_are_known_once_it_is_read(
    source: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "t.csv").write_text("x\n1\n", encoding="utf-8")
    text = (root / "lockgate.yml").read_text(encoding="utf-8")
    (root / "lockgate.yml").write_text(text.replace("t.parquet", source), encoding="utf-8")
    told = explained(root, capsys)
    assert len(told["compiled"]) == 2 and len(told["left"]) == 1 and not told["columns_known"]
    assert ("CSV" if source == "t.csv" else "S3") in told["note"]


def test_a_malformed_suite_is_a_configuration_error(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "t.json").write_text("[]", encoding="utf-8")
    assert main(["plan", "--explain", "data", "--solution", str(root)]) == 2
    said = capsys.readouterr().err
    assert "t.json" in said and "Traceback" not in said


def test_a_selection_without_tables_is_wrong_usage(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--explain", "data", "--stage", "unit", "--solution", str(root)]) == 2
    assert "no stage here judges tables" in capsys.readouterr().err

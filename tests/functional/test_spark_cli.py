"""`--engine spark` where there is no Spark, and what a plan says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.project import minimal, write

from runner.cli import main

ROWS = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}


def solution(root: Path, engine: str) -> Path:
    config = minimal()
    tables = {"t": {"source": "t.csv", "suite": "t.json"}}
    config["stages"] = {"data": {"kind": "data", "engine": engine, "tables": tables}}
    write(root, config)
    (root / "t.csv").write_text("x\n1\n")
    (root / "t.json").write_text(json.dumps({"expectations": [ROWS]}))
    return root


@pytest.mark.parametrize(("engine", "options"), [("spark", []), ("auto", ["--engine", "spark"])])
def test_without_pyspark_it_is_said_what_to_install_before_anything_is_built(
    engine: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = solution(tmp_path, engine)
    assert main(["run", "--solution", str(root), "--stage", "data", *options]) == 2
    said = capsys.readouterr().err
    assert "pyspark is not installed" in said and "lockgate[spark]" in said
    assert not (root / ".lockgate").exists()


def test_an_engine_that_there_is_not_is_refused(tmp_path: Path) -> None:
    assert main(["run", "--solution", str(tmp_path), "--engine", "flink"]) == 2


def test_a_plan_says_that_all_is_asked_on_spark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = solution(tmp_path, "spark")
    assert main(["plan", "--explain", "data", "--json", "--solution", str(root)]) == 0
    table = json.loads(capsys.readouterr().out)["stages"]["data"]["t"]
    assert table["compiled"] == []
    assert table["left"] == {"t/expect_table_row_count_to_equal": "asked of Great Expectations on Spark"}

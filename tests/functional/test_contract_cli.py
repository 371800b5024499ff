"""`lockgate contract`, and the stage that holds a table to what it wrote; what holds between tables and over
time in whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runner.cli import main

SUITE = {
    "name": "s",
    "expectations": [
        {"type": "expect_table_column_count_to_be_between", "kwargs": {"min_value": 1, "max_value": 9}}
    ],
}
SOLUTION = """\
version: 1
solution: small
stages:
  data:
    kind: data
    tables:
      trips:
        source: trips.parquet
        suite: s.json
        contract: {columns: trips.columns.json}
        freshness: {column: at, within: 1d}
        volume: {least: 2}
      zones: {source: zones.csv, suite: s.json}
    relations:
      zone: {kind: foreign-key, table: trips, columns: [zone], references: zones, referenced: [name]}
      few: {kind: row-counts, table: zones, other: trips, most: 0.5}
"""


@pytest.fixture
def solution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lockgate.yml").write_text(SOLUTION)
    (tmp_path / "s.json").write_text(json.dumps(SUITE))
    (tmp_path / "trips.columns.json").write_text("{}")
    pd.DataFrame({"name": ["north", "south"]}).to_csv(tmp_path / "zones.csv", index=False)
    trips(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["contract", "trips", "--force"]) == 0
    return tmp_path


def trips(root: Path, rows: int = 10, **columns: Any) -> None:
    times = pd.Timestamp.now("UTC") - pd.to_timedelta(range(rows), unit="min")
    told = {"id": range(rows), "zone": "north", "at": times} | columns
    pd.DataFrame({name: values for name, values in told.items() if values is not None}).to_parquet(
        root / "trips.parquet"
    )


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["run", "--no-notify"])
    return code, capsys.readouterr().out


def test_it_writes_what_the_table_has(solution: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "trips", "--force"]) == 0
    assert capsys.readouterr().out == "trips: 3 columns, written: trips.columns.json\n"
    assert json.loads((solution / "trips.columns.json").read_text()) == {
        "columns": [
            {"name": "id", "type": "int64", "nullable": True},
            {"name": "zone", "type": "text", "nullable": True},
            {"name": "at", "type": "timestamptz", "nullable": True},
        ]
    }


def test_it_writes_over_nothing_and_shows_what_it_would(
    solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", "trips"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["contract", "zones.csv", "--output", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == [
        {"name": "name", "type": "text", "nullable": True}
    ]
    assert main(["contract", "zones", "--json", "--output", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["table"], told["written"], len(told["contract"]["columns"])) == ("zones", None, 1)


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        ("trip", 2, "did you mean 'trips'?"),
        ("trip.parquet", 3, "there is no such"),
        ("s.json", 2, ".parquet"),
    ],
)
def test_a_table_that_is_none(
    table: str, code: int, words: str, solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", table]) == code
    assert words in capsys.readouterr().err


def test_runs_that_pass_are_the_history_of_the_next(
    solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(capsys)[0] == 0
    trips(solution, rows=8)
    assert run(capsys)[0] == 0
    trips(solution, rows=4)
    code, said = run(capsys)
    assert code == 1
    assert "4 rows, 60.0% fewer than the median of 3 runs that passed, 10" in said
    assert main(["run", "--stage", "data", "--out", str(solution / "out")]) == 1  # nor is that a history
    assert "60.0% fewer than the median of 3 runs" in capsys.readouterr().err


BREAKS: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is nowhere": ({"zone": ["north"] * 9 + ["east"]}, "1 of 10 rows have no match (10.00%)"),
    "a type that changed": ({"id": [f"{n}" for n in range(10)]}, "changed: int64 is text now"),
    "a column that is gone": ({"zone": None, "area": "north"}, "removed: it is not there"),
    "rows of the future": ({"at": pd.Timestamp.now("UTC") + pd.Timedelta("1h")}, "in the future"),
    "old rows": ({"at": pd.Timestamp("2013-01-01", tz="UTC")}, "older than 1 day"),
    "too few rows": ({"rows": 3}, "0.666667 times the 3 of trips; expected: at most 0.5"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_planted_break_is_told_in_the_last_lines(
    what: str, solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, cause = BREAKS[what]
    columns = {"id": range(10), **columns} if "rows" not in columns else columns
    trips(solution, **columns)
    code, said = run(capsys)
    assert code == 1 and cause in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("references: zones", "references: zone", "did you mean 'zones'?"),
        ("other: trips", "other: zones", "a table has always as many rows as itself"),
        ("most: 0.5", "least: 0", "no bound is given, so it can never fail"),
        ("most: 0.5", "least: 2, most: 1", "least is more than most"),
        ("columns: [zone]", "columns: [zone, id]", "2 columns cannot be those of 1"),
        ("columns: [zone]", "columns: [zone, zone]", "columns names one twice"),
        ("least: 2", "least: 11", "only 10 runs are looked at"),
        ("least: 2", "shrink: null", "neither shrink nor grow is given"),
        ("trips.columns.json", "columns.json", "'columns.json' does not exist"),
        ("source: zones.csv,", "source: zones.csv, partitions: changed,", "only its changed files are read"),
        ("references: zones, referenced: [name]", "references: trips", "compares a table with itself"),
    ],
)
def test_what_could_never_fail_or_names_nothing_is_refused(
    old: str, new: str, words: str, solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in SOLUTION
    (solution / "lockgate.yml").write_text(SOLUTION.replace(old, new))
    assert main(["plan"]) == 2
    assert words in capsys.readouterr().err

"""`lockgate profile`: what it writes, where, and what it says; the suite works in lockgate.yml and in plain
Great Expectations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runner.cli import main

SOLUTION = """\
version: 1
solution: small
stages:
  data:
    kind: data
    tables:
      trips: {source: build/trips.parquet, suite: suites/data/trips.json, sensitive: [fare]}
"""


@pytest.fixture
def solution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(1)
    (tmp_path / "build").mkdir()
    (tmp_path / "lockgate.yml").write_text(SOLUTION)
    pd.DataFrame(
        {
            "id": range(500),
            "zone": rng.choice(["north", "south"], 500),
            "fare": rng.exponential(20, 500).round(2),
            "seats": rng.integers(1, 5, 500),
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, 500), unit="s"),
        }
    ).to_parquet(tmp_path / "build" / "trips.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def suite(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text())["expectations"])


def test_a_table_of_the_solution_gets_its_suite(solution: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "trips"]) == 0
    said = capsys.readouterr().out
    written = suite(solution / "suites/data/trips.json")
    assert f"trips: 500 rows x 5 columns, {len(written)} expectations" in said
    assert "written: suites/data/trips.json" in said and "values not shown: fare" in said
    assert all(e["notes"] for e in written)
    assert not [e for e in written if e["kwargs"].get("column") == "fare" and "between" in e["type"]]


def test_what_is_there_is_not_written_over_but_by_force(
    solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = solution / "mine.json"
    path.write_text("mine")
    asked = ["profile", "build/trips.parquet", "--output", "mine.json"]
    assert main(asked) == 2 and path.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert main([*asked, "--force"]) == 0 and suite(path)


def test_a_dry_run_says_all_and_writes_nothing(solution: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(solution.rglob("*"))
    assert main(["profile", "trips", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "zone values must belong to this set: north south  (2 different values in 500 rows" in said
    assert "nothing is written" in said and sorted(solution.rglob("*")) == before


def test_stdout_and_the_machine_form_are_json(solution: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "trips", "--output", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main(["profile", "trips", "--json", "--dry-run", "--sensitive", "zone"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 500 and told["written"] is None and told["sensitive"] == ["fare", "zone"]
    assert "north" in str(printed) and "north" not in str(told)
    assert not (solution / "suites").exists()


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["trisp"], 2, "did you mean 'trips'"),
        (["nope.parquet"], 3, "nope.parquet"),
        (["lockgate.yml"], 2, "lockgate.yml"),
        (["s3://bucket/t.parquet"], 2, "--aws"),
        (["trips", "--sensitive", "fair"], 2, "did you mean 'fare'"),
        (["trips", "--confidence", "2"], 2, "--confidence"),
        (["build/broken.parquet"], 3, "broken.parquet"),
        (["build/empty.parquet"], 3, "no rows"),
        ([], 2, "TABLE"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    solution: Path, capsys: pytest.CaptureFixture[str], asked: list[str], code: int, said: str
) -> None:
    (solution / "build/broken.parquet").write_bytes(b"PAR1 no")
    pd.DataFrame({"a": pd.Series([], dtype="int64")}).to_parquet(solution / "build/empty.parquet")
    assert main(["profile", *asked]) == code
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err + told.out
    assert not (solution / "suites").exists()


def test_a_damaged_value_of_a_sensitive_column_is_not_quoted(
    solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = pa.array([b"secret\xff"]).view(pa.string())
    pq.write_table(pa.table({"fare": broken}), solution / "build" / "trips.parquet")
    assert main(["profile", "trips"]) == 3
    told = capsys.readouterr().err
    assert "secret" not in told and "[masked]" in told


def test_a_wrong_solution_is_told(solution: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (solution / "lockgate.yml").write_text("version: 9\n")
    assert main(["profile", "trips"]) == 2
    assert "problem" in capsys.readouterr().err


def test_the_help_has_examples_and_tables_are_completed(
    solution: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["profile", "--help"]) == 0
    assert "lockgate profile flights --dry-run" in capsys.readouterr().out
    words = {"COMP_WORDS": "lockgate profile tr", "COMP_CWORD": "2", "_LOCKGATE_COMPLETE": "bash_complete"}
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.split() == ["plain,trips", "file,tr"]


def test_the_suite_works_in_plain_great_expectations(solution: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["profile", "trips"]) == 0
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    told = json.loads((solution / "suites/data/trips.json").read_text())
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("t")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch(
        {"dataframe": pd.read_parquet(solution / "build/trips.parquet")}
    )
    result = batch.validate(gx.ExpectationSuite(**told))
    assert result.success, [r.expectation_config for r in result.results if not r.success]
    assert len(result.results) == len(told["expectations"])


def test_the_suite_works_in_the_solution_as_it_is(solution: Path) -> None:
    assert main(["profile", "trips"]) == 0
    assert main(["plan", "--explain", "data"]) == 0

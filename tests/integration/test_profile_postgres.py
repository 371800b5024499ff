"""A table of a real PostgreSQL gets its first suite: less than a file's, whose engine can tell more."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from helpers.postgres import binaries, server

from runner.cli import main

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(binaries() is None, reason="Debian's package postgresql is not installed"),
]
CONFIG = """\
solution: warehouse
stages:
  data:
    connections: {warehouse: {kind: postgresql, url_from: WAREHOUSE}}
    tables: {trips: {source: 'warehouse:trips', suite: trips.json}}
"""
ROWS = """\
CREATE TABLE trips AS SELECT n AS id, (n % 7) * 1.5::float8 AS fare, nullif(n % 4, 0) AS seats,
    'zone ' || (n % 3) AS zone FROM generate_series(1, 500) AS n"""


def test_a_table_of_postgresql_is_profiled_and_then_a_bad_row_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lockgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    with server() as database:
        database.run(ROWS)
        monkeypatch.setenv("WAREHOUSE", database.url())
        assert main(["profile", "trips"]) == 0
        database.run("INSERT INTO trips VALUES (501, -50, NULL, 'zone 1')")
        assert main(["run"]) == 1
    (failing,) = (tmp_path / ".lockgate").rglob("trips.failing.parquet")
    assert [(row["fare"], row["position"]) for row in pq.read_table(failing).to_pylist()] == [(-50.0, None)]
    assert "trips: 500 rows x 4 columns" in capsys.readouterr().out
    suite = json.loads((tmp_path / "trips.json").read_text())["expectations"]
    told = {(e["type"], e["kwargs"].get("column")): e["kwargs"] for e in suite}
    assert told["expect_column_values_to_be_between", "fare"]["max_value"] >= 9
    assert 0.6 < told["expect_column_values_to_not_be_null", "seats"]["mostly"] < 0.8
    assert told["expect_column_value_lengths_to_be_between", "zone"]["max_value"] >= 6

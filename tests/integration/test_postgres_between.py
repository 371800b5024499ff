"""What holds between tables and over time, of tables of a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.postgres import Server, binaries, server
from helpers.whole_runs import run

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
    tables:
      trips:
        source: 'warehouse:trips'
        suite: s.json
        contract: {columns: c.json}
        freshness: {column: at, within: 1d}
        volume: {least: 1}
      zones: {source: 'warehouse:zones', suite: s.json}
      file: {source: zones.parquet, suite: s.json}
    relations:
      there:
        {kind: foreign-key, table: trips, columns: [zone, "No."], references: zones, referenced: [name, num]}
      here: {kind: foreign-key, table: trips, columns: [zone], references: file, referenced: [name]}
      many: {kind: row-counts, table: trips, other: zones, least: 2}
"""
SUITE = {"expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]}
COLUMNS = [("zone", "text"), ("No.", "int32"), ("at", "timestamptz")]


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as found:
        yield found


@pytest.fixture
def ran(
    database: Server, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> Iterator[Any]:
    database.run(
        'CREATE TABLE trips (zone text, "No." int, at timestamptz)',
        "CREATE TABLE zones (name text, num bigint)",
        "INSERT INTO zones VALUES ('north', 1), ('south', 2)",
        "INSERT INTO trips SELECT 'north', 1, now() - n * interval '1 hour' FROM generate_series(0, 8) n",
        "INSERT INTO trips VALUES ('south', NULL, now())",
    )
    pd.DataFrame({"name": ["north", "south"]}).to_parquet(tmp_path / "zones.parquet")
    agreed = {"columns": [{"name": name, "type": type} for name, type in COLUMNS]}
    (tmp_path / "lockgate.yml").write_text(CONFIG)
    (tmp_path / "s.json").write_text(json.dumps({"name": "s", **SUITE}))
    (tmp_path / "c.json").write_text(json.dumps(agreed))
    monkeypatch.setenv("WAREHOUSE", database.url())
    yield lambda: run(tmp_path, capfd)
    database.run("DROP TABLE trips", "DROP TABLE zones")


def test_sound_tables_pass(ran: Any) -> None:
    found = ran()
    assert found.code == 0, found.out


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (
            "UPDATE trips SET \"No.\" = 2 WHERE zone = 'north'",
            "9 of 9 rows have no match (100.00%), 1 more have",
        ),
        ("UPDATE trips SET zone = 'east' WHERE zone = 'south'", "'east' in 1 row"),
        ("UPDATE trips SET at = at - interval '3 days'", "older than 1 day"),
        ("UPDATE trips SET at = now() + interval '1 hour'", "in the future"),
        ('ALTER TABLE trips ALTER COLUMN "No." TYPE text', "cannot be compared"),
        ('ALTER TABLE trips RENAME COLUMN "No." TO number', "renamed: it is called 'number' now"),
        ('ALTER TABLE trips ALTER COLUMN "No." TYPE bigint', "widened: int32 is int64 now"),
        ("DELETE FROM trips WHERE at < now() - interval '30 minutes'", "2 rows, 1 times the 2 of zones"),
    ],
)
def test_planted_damage_is_told(damage: str, cause: str, ran: Any, database: Server) -> None:
    database.run(damage)
    found = ran()
    assert found.code == (3 if "compared" in cause else 1)
    assert cause in found.out


def test_fewer_rows_than_before_are_told(ran: Any, database: Server) -> None:
    assert ran().code == 0
    database.run("DELETE FROM trips WHERE ctid IN (SELECT ctid FROM trips WHERE zone = 'north' LIMIT 6)")
    found = ran()
    assert found.code == 1 and "4 rows, 60.0% fewer than the median of 1 run that passed, 10" in found.out


def test_a_contract_is_written_of_a_table(ran: Any, tmp_path: Path, capfd: Any) -> None:
    assert main(["contract", "trips", "--solution", str(tmp_path), "--output", "-"]) == 0
    told = json.loads(capfd.readouterr().out)["columns"]
    assert [(each["name"], each["type"]) for each in told] == COLUMNS

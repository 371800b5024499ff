"""Whole runs over a real PostgreSQL: verdict, exit code, cause; the password is in nothing that is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.postgres import PASSWORD, QUOTED, Server, is_missing, server
from helpers.whole_runs import Ran, run

from runner.cli import main

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(is_missing(), reason="Debian's package postgresql is not installed"),
]
CONFIG = """\
solution: warehouse
stages:
  data:
    connections: {warehouse: {kind: postgresql, url_from: WAREHOUSE, %s}}
    tables: {t: {source: '%s', suite: t.json}}
"""
WRONG = "postgresql://lockgate_tests:a-wrong-one@127.0.0.1"
FEW, HOLES = "warehouse:few", "warehouse:public.holes"
FINE = [
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "t", "value_set": ["a", "b"]}},
    # Left to Great Expectations:
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "t", "regex": r"^\w$"}},
    {"type": "expect_column_quantile_values_to_be_between",
     "kwargs": {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 2]]}}},
]  # fmt: skip
NOT_NULL = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}}]


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as found:
        found.run(
            "CREATE TABLE few (n int, t text)",
            "INSERT INTO few VALUES (1, 'a'), (2, 'b'), (2, 'a')",
            "CREATE TABLE holes AS SELECT nullif(n, 2) AS n FROM few",
        )
        yield found


@pytest.fixture
def ran(
    database: Server,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Any:
    def whole(source: str, suite: list[Any], url: str | None = "", limits: str = "most_rows: 1000") -> Ran:
        (tmp_path / "lockgate.yml").write_text(CONFIG % (limits, source))
        (tmp_path / "t.json").write_text(json.dumps({"name": "t", "expectations": suite}))
        if url is not None:
            monkeypatch.setenv("WAREHOUSE", url or database.url())
        return run(tmp_path, capfd)

    return whole


def test_a_sound_table_passes(ran: Any, tmp_path: Path) -> None:
    found = ran(FEW, FINE)
    assert found.code == 0, found.out
    (result,) = tmp_path.glob(".lockgate/runs/*/stages/data/data/t.validation.json")
    assert json.loads(result.read_text())["statistics"]["successful_expectations"] == 4
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert PASSWORD.encode() not in path.read_bytes() and QUOTED.encode() not in path.read_bytes(), path


def test_a_fault_fails_with_its_numbers(ran: Any) -> None:
    found = ran(HOLES, NOT_NULL)
    assert found.code == 1
    assert "2 of 3 null" in found.last


@pytest.mark.parametrize(
    ("source", "url", "limits", "said"),
    [
        (FEW, f"{WRONG}:{{port}}/postgres", "most_rows: 9", "password authentication failed"),
        (FEW, f"{WRONG}:1/postgres", "most_rows: 9", "refused"),
        ("warehouse:nope", "", "most_rows: 9", "no such table"),
        (FEW, "", "most_bytes: 1KiB", "would be scanned"),
        (FEW, "", "most_rows: 2", "would have to be fetched"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_an_error_with_its_cause(
    ran: Any, database: Server, source: str, url: str, limits: str, said: str
) -> None:
    found = ran(source, FINE, url.format(port=database.port), limits)
    assert found.code == 3
    assert said in found.last
    assert "a-wrong-one" not in found.out


def test_a_variable_that_is_not_set_is_told_before_anything_runs(ran: Any, tmp_path: Path) -> None:
    found = ran(FEW, FINE, url=None)
    assert found.code == 2
    assert not (tmp_path / ".lockgate/runs").exists()


@pytest.mark.parametrize(
    "url", ["mysql://u:secret-word@h/d", "postgresql://u:secret@word@h/d", "host=h password=secret-word"]
)
def test_what_is_no_url_of_it_is_told_without_it(ran: Any, url: str) -> None:
    found = ran(FEW, FINE, url)
    assert found.code == 3 and "no URL of a PostgreSQL" in found.last
    assert "secret" not in found.out


def test_the_plan_tells_what_its_sql_can_say_and_the_bytes(
    ran: Any, database: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ran(FEW, FINE)
    capfd.readouterr()
    assert main(["plan", "--explain", "data", "--solution", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "t (warehouse:few): 3 of 4 compiled; 16,384 bytes to be scanned" in said
    assert "left      t/expect_column_values_to_match_regex(t)" in said


def test_a_plan_without_the_variable_says_so(
    ran: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(FEW, FINE)
    monkeypatch.delenv("WAREHOUSE")
    capfd.readouterr()
    assert main(["plan", "--explain", "data", "--solution", str(tmp_path)]) == 0
    assert "its columns are not known yet: the variable WAREHOUSE is not set" in capfd.readouterr().out

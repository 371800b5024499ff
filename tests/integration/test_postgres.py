"""A data stage's table in a real PostgreSQL: the same answers as from files, and a cause for what fails."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from helpers.differential import Case, case_of
from helpers.loaded import UNBOUND, both, load
from helpers.postgres import QUOTED, USER, Server, is_missing, server

from runner.adapters.postgres import Postgres
from runner.errors import InfrastructureError
from runner.expect.asks import Scalar
from runner.sources.cost import Limits
from runner.sources.postgres import PostgresTable
from runner.stages.tables.suite import Expectation, Suite

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(is_missing(), reason="Debian's package postgresql is not installed"),
]
SEEDS = range(5_000_000, 5_000_012)
QUANTILES = {"quantiles": [0.1, 0.3, 0.5, 0.9], "value_ranges": [[1, 4]] * 4}


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as found:
        found.run(
            "CREATE TABLE few (n int, t text)",
            "INSERT INTO few VALUES (1, 'a'), (2, 'b'), (NULL, NULL)",
            "CREATE ROLE stranger LOGIN PASSWORD 'stranger-password'",
            "CREATE TABLE many AS SELECT n FROM generate_series(1, 200000) n",
        )
        yield found


def opened(database: Server, seconds: float = 20) -> Postgres:
    return Postgres.open(database.url(), "warehouse", seconds)


def table(postgres: Postgres, name: str = "few", limits: Limits = UNBOUND) -> PostgresTable:
    return PostgresTable(postgres, f'"public"."{name}"', f"warehouse:{name}", limits)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database_answers_what_duckdb_answers(database: Server, tmp_path: Path, seed: int) -> None:
    case, name = case_of(seed, tmp_path), f"made_{seed}"
    with psycopg.connect(database.url(), autocommit=True) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load(connection, name, case.path)
        postgres = opened(database)
        told = both(case, postgres, name, tmp_path)
        postgres.close()
    assert told.answered
    assert not told.unlike


HARD = """CREATE TABLE hard AS SELECT * FROM (VALUES
  (1, 'NaN'::float8, 'a', 1.5::real, 0.1::numeric(9,2)), (2, 'Infinity', 'A', NULL, 0.2),
  (2, '-Infinity', 'a ', 0.1, 0.3),
  (4, 0.5, 'é', 2, NULL), (4, NULL, NULL, 2, 0.3), (NULL, 0.5, '', 3, 0.1)) AS v (n, x, t, r, d)"""
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_not_be_null", {"column": "x"}),
    ("expect_column_values_to_be_between", {"column": "x", "min_value": 0}),
    ("expect_column_max_to_be_between", {"column": "x", "max_value": 1}),
    ("expect_column_values_to_be_in_set", {"column": "t", "value_set": ["a", "é"]}),
    ("expect_column_distinct_values_to_equal_set", {"column": "t", "value_set": ["a", "é"]}),
    ("expect_column_values_to_match_regex", {"column": "t", "regex": "^[a-z]"}),
    ("expect_column_values_to_be_unique", {"column": "t"}),
    ("expect_column_values_to_be_unique", {"column": "x"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["n", "r"], "ignore_row_if": "never"}),
    ("expect_column_values_to_be_between", {"column": "d", "min_value": 0.1, "max_value": 0.2}),
    ("expect_column_values_to_be_between", {"column": "r", "min_value": 0.1, "max_value": 2}),
    ("expect_column_quantile_values_to_be_between", {"column": "n", "quantile_ranges": QUANTILES}),
    ("expect_column_stdev_to_be_between", {"column": "n", "max_value": 9}),
]


def test_what_is_hard_for_a_database(database: Server, tmp_path: Path) -> None:
    """NaN, infinities, a collation to which a and A are one, floats of 32 bits, decimals, keys with nulls."""
    database.run(
        "DROP TABLE IF EXISTS hard",
        HARD,
        "CREATE COLLATION IF NOT EXISTS blind (provider=icu, locale='und-u-ks-level2', deterministic=false)",
        "ALTER TABLE hard ALTER t TYPE text COLLATE blind",
    )
    listed = tuple(Expectation(str(n), t, k, {"type": t, "kwargs": k}) for n, (t, k) in enumerate(ASKED))
    case = Case(0, tmp_path, Suite("s", "s.json", "", {}, listed))
    postgres = opened(database)
    told = both(case, postgres, "hard", tmp_path)
    postgres.close()
    assert len(told.answered) >= len(ASKED) - 1 and not told.left
    assert not told.unlike


def test_a_snapshot_does_not_see_what_others_commit(database: Server) -> None:
    postgres = opened(database)
    few = table(postgres)
    before = few.digest()
    database.run("INSERT INTO few VALUES (9, 'z')")
    try:
        assert few.asked().count() == 3
        assert few.digest() == before
        assert len(few.frame()) == 3
    finally:
        database.run("DELETE FROM few WHERE n = 9")
        postgres.close()


def test_nothing_can_be_written(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="read-only transaction"):
        opened(database).select("DELETE FROM few")


def test_a_wrong_password_is_told_without_it(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="password authentication failed") as caught:
        Postgres.open(database.url(password="mistaken-password"), "warehouse", 5)
    assert "mistaken-password" not in str(caught.value)


def test_a_right_that_is_missing_is_told(database: Server) -> None:
    postgres = Postgres.open(database.url("stranger", "stranger-password"), "warehouse", 5)
    with pytest.raises(InfrastructureError, match="permission denied for table few"):
        table(postgres).digest()


def test_a_table_that_is_not_there_is_told(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="no such table"):
        table(opened(database), "nope").columns()


def test_a_name_is_a_name_whatever_is_in_it(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="no such table"):
        table(opened(database), 'few"; DROP TABLE few; --'.replace('"', '""')).columns()
    assert database.rows("SELECT count(*) FROM few") == [(3,)]


def test_a_slow_query_is_stopped_by_the_server(database: Server) -> None:
    postgres = opened(database, 0.2)
    begun = time.monotonic()
    with pytest.raises(InfrastructureError, match=r"statement_timeout: 0\.2 s"):
        postgres.select("SELECT pg_sleep(20)")
    assert time.monotonic() - begun < 5
    with pytest.raises(InfrastructureError, match="statement_timeout"):
        postgres.select("SELECT 1")


def test_less_than_a_millisecond_is_a_limit_too(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="statement_timeout"):
        opened(database, 0.0004).select("SELECT pg_sleep(1)")


def test_a_connection_that_cannot_be_used_is_closed(
    database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[Any]()
    connect = psycopg.connect

    def kept(*given: Any, **named: Any) -> Any:
        made.append(connect(*given, **named))
        return made[-1]

    monkeypatch.setattr(psycopg, "connect", kept)
    monkeypatch.setattr("runner.adapters.postgres.SETTINGS", ("nonsense = on",))
    with pytest.raises(InfrastructureError, match="nonsense"):
        opened(database)
    assert made[0].closed


def test_a_connection_that_the_server_ends_is_told_from_then_on(database: Server) -> None:
    postgres = opened(database)
    few = table(postgres)
    pid = postgres.select("SELECT pg_backend_pid()")[0][0]
    threading.Timer(0.2, lambda: database.rows(f"SELECT pg_terminate_backend({pid})")).start()
    with pytest.raises(InfrastructureError, match="terminating connection due to administrator command"):
        postgres.select("SELECT pg_sleep(20)")
    with pytest.raises(InfrastructureError, match="connection was lost"):
        few.frame()


def test_what_is_beyond_its_types_leaves_the_rest(database: Server) -> None:
    database.run("CREATE TABLE IF NOT EXISTS huge AS SELECT 1e308::float8 AS x FROM generate_series(1, 9)")
    total, most = Scalar('sum("x")'), Scalar('max("x")')
    assert table(opened(database), "huge").asked().answer([total, most]) == {most: 1e308}


def test_larger_tables_than_allowed_are_not_scanned(database: Server) -> None:
    small = table(opened(database), "many", Limits(1000, 10))
    with pytest.raises(InfrastructureError, match="more than most_bytes allows"):
        small.asked()


def test_a_view_of_unknown_size_is_not_scanned_where_there_is_a_limit(database: Server) -> None:
    database.run("CREATE OR REPLACE VIEW seen AS SELECT * FROM many WHERE n < 10")
    assert table(opened(database), "seen").asked().count() == 9
    with pytest.raises(InfrastructureError, match="nobody knows how many bytes"):
        table(opened(database), "seen", Limits(10**9, 10)).asked()


def test_a_partitioned_tables_size_is_its_partitions(database: Server) -> None:
    database.run(
        "DROP TABLE IF EXISTS parts",
        "CREATE TABLE parts (n int) PARTITION BY RANGE (n)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000)",
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (20000)",
        "INSERT INTO parts SELECT generate_series(0, 19999)",
    )
    ((size,),) = database.rows("SELECT pg_total_relation_size('parts_1') + pg_total_relation_size('parts_2')")
    assert table(opened(database), "parts").size() == size > 0


def test_more_rows_than_allowed_are_not_fetched(database: Server) -> None:
    with pytest.raises(InfrastructureError, match="200,000 rows would have to be fetched"):
        table(opened(database), "many", Limits(None, 10)).frame()


def test_a_server_that_dies_in_a_query_is_told() -> None:
    with server() as found:
        postgres = Postgres.open(found.url(), "warehouse", 20)
        backend = postgres.select("SELECT pg_backend_pid()")[0][0]
        threading.Timer(0.3, os.kill, (backend, signal.SIGKILL)).start()
        with pytest.raises(InfrastructureError, match="connection was lost"):
            postgres.select("SELECT count(*) FROM generate_series(1, 1000000000)")


def test_the_password_is_in_no_message(database: Server) -> None:
    for url in (
        f"postgresql://{USER}:{QUOTED}@127.0.0.1:1/x",
        f"postgresql://{USER}:{QUOTED}@no-host.invalid/x",
    ):
        with pytest.raises(InfrastructureError) as caught:
            Postgres.open(url, "warehouse", 5)
        assert "horse" not in str(caught.value)

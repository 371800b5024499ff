"""Redshift's dialect and Data API, over a double of it with a real PostgreSQL behind."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from helpers.differential import case_of
from helpers.loaded import UNBOUND, compared_with_duckdb, load
from helpers.postgres import Server, is_missing, server
from helpers.redshift_double import SETUP, RedshiftData

from runner.adapters.aws import Aws, sandbox_target
from runner.config.data import Redshift
from runner.errors import InfrastructureError
from runner.expect.asks import Scalar
from runner.sources.cost import Limits
from runner.sources.polling import Clock
from runner.sources.redshift import RedshiftTable, Statements

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(is_missing(), reason="Debian's package postgresql is not installed"),
]
SEEDS = range(6_000_000, 6_000_006)
TARGET = sandbox_target("http://127.0.0.1:1")


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as found:
        found.run(*SETUP, "CREATE TABLE few (n int, t text, b boolean, at timestamp, d numeric(9,2))")
        found.run(
            "INSERT INTO few SELECT g, 'row ' || g, g % 2 = 0, timestamp '2026-01-01' + g * interval '1 s',"
            " g / 100.0 FROM generate_series(1, 20) g",
            "INSERT INTO few VALUES (NULL)",
        )
        yield found


class Hours:
    """A clock whose pauses are hours."""

    def __init__(self) -> None:
        self.hours = 0

    def clock(self) -> Clock:
        return Clock(lambda: 3600.0 * self.hours, self.pause)

    def pause(self, seconds: float) -> None:
        self.hours += 1


def table(
    database: Server,
    name: str = "few",
    limits: Limits = UNBOUND,
    client: RedshiftData | None = None,
) -> tuple[RedshiftTable, RedshiftData]:
    client = client or RedshiftData(database)
    aws = Aws(TARGET, lambda service: client)
    config = Redshift(kind="redshift", database="postgres", workgroup="judges")
    statements = Statements(aws, config, name, clock=Clock(lambda: 0.0, lambda seconds: None))
    return RedshiftTable(statements, "public", name, name, limits), client


@pytest.mark.parametrize("seed", SEEDS)
def test_redshifts_sql_says_what_duckdbs_says(database: Server, tmp_path: Path, seed: int) -> None:
    case, name = case_of(seed, tmp_path), f"made_{seed}"
    with psycopg.connect(database.url(), autocommit=True) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load(connection, name, case.path)
        found = compared_with_duckdb(case, table(database, name)[0], tmp_path / "read.parquet")
    assert found.answered
    assert not found.unlike


def test_rows_are_fetched_page_by_page(database: Server) -> None:
    frame = table(database)[0].frame()
    assert len(frame) == 21
    assert list(map(str, frame.dtypes)) == ["float64", "str", "object", "datetime64[us]", "float64"]
    assert frame.iloc[0].to_list()[:3] == [1.0, "row 1", False]


def test_a_value_that_changes_changes_the_digest(database: Server) -> None:
    before = table(database)[0].digest()
    assert table(database)[0].digest() == before
    database.run("UPDATE few SET t = t || ' ' WHERE n = 3")
    assert table(database)[0].digest() != before
    database.run("UPDATE few SET t = 'row 3' WHERE n = 3")


def test_a_decimal_of_many_digits_that_changes_changes_the_digest(database: Server) -> None:
    database.run("CREATE TABLE IF NOT EXISTS pay AS SELECT 1.50::numeric(18, 2) AS x, 'a'::char(3) AS c")
    before = table(database, "pay")[0].digest()
    for update in ("UPDATE pay SET x = 2.50", "UPDATE pay SET c = 'b'"):
        database.run(update)
        after = table(database, "pay")[0].digest()
        assert after != before
        before = after


def test_a_name_is_no_more_than_one(database: Server) -> None:
    for name in ("few\\' OR true --", "few' OR true --", "few\\"):
        with pytest.raises(InfrastructureError, match="no such table"):
            table(database, name)[0].columns()


def test_only_selects_are_sent(database: Server) -> None:
    few, client = table(database)
    few.digest()
    few.frame()
    assert client.asked and all(sql.startswith("SELECT ") for sql in client.asked)


def test_larger_tables_than_allowed_are_not_scanned(database: Server) -> None:
    few, client = table(database, limits=Limits(1000, 1000))
    with pytest.raises(InfrastructureError, match="1,048,576 bytes would be scanned"):
        few.asked()
    assert all("svv_" in sql for sql in client.asked)


def test_without_the_right_to_see_sizes_it_is_judged_unless_there_is_a_limit(database: Server) -> None:
    database.run("CREATE OR REPLACE VIEW seen AS SELECT * FROM few")
    assert table(database, "seen")[0].asked().count() == 21
    with pytest.raises(InfrastructureError, match="nobody knows how many bytes"):
        table(database, "seen", Limits(10**9, 1000))[0].asked()


def test_what_takes_too_long_is_cancelled(database: Server) -> None:
    few, client = table(database, client=RedshiftData(database, slow=True))
    few.statements.clock = Hours().clock()
    with pytest.raises(InfrastructureError, match="stopped after 300 s"):
        few.columns()
    assert len(client.cancelled) == 1


def test_what_is_beyond_its_types_leaves_the_rest(database: Server) -> None:
    database.run("CREATE TABLE IF NOT EXISTS huge AS SELECT 1e308::float8 AS x FROM generate_series(1, 9)")
    total, most = Scalar('sum("x")'), Scalar('max("x")')
    assert table(database, "huge")[0].asked().answer([total, most]) == {most: 1e308}


def test_what_fails_is_told_from_then_on(database: Server) -> None:
    few = table(database)[0]
    with pytest.raises(InfrastructureError, match="does not exist"):
        few.statements.select("SELECT 1 FROM nope")
    with pytest.raises(InfrastructureError, match="does not exist"):
        few.columns()
    with pytest.raises(InfrastructureError, match="no such table"):
        table(database, "nope'--")[0].columns()

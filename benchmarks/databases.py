"""Whether databases answer what DuckDB answers, over many made tables and suites.

    PYTHONPATH=tests python benchmarks/databases.py [--cases 4000] [--seed 7000000] [--quick]

A case is one expectation of one made table (helpers/made_tables.py), which lies in a real PostgreSQL, from
Debian's package, started for this. It is answered there twice, in PostgreSQL's SQL and in Redshift's (by a
double of its Data API with the same PostgreSQL behind: helpers/redshift_double.py), and by DuckDB over the
same rows in Parquet. Compared is every field of the results but rows' positions, which databases have not,
and which are shown of more than 20 unexpected values. Exits 1 where one differs.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from helpers.differential import Case, case_of
from helpers.loaded import UNBOUND, Both, Unlike, both, compared_with_duckdb, load
from helpers.postgres import Server, server
from helpers.redshift_double import SETUP, RedshiftData

from runner.adapters.aws import Aws, sandbox_target
from runner.adapters.postgres import Postgres
from runner.config.data import Redshift
from runner.sources.polling import Clock
from runner.sources.redshift import RedshiftTable, Statements

QUICK = 400
TARGET = sandbox_target("http://127.0.0.1:1")


@dataclass
class Log:
    """What all cases of one database gave."""

    answered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    unlike: list[Unlike] = field(default_factory=list)

    def take(self, found: Both) -> None:
        self.answered.update(found.answered)
        self.left.update(found.left)
        self.unlike += found.unlike


def by_postgres(found: Server, case: Case, name: str, folder: Path) -> Both:
    postgres = Postgres.open(found.url(), "warehouse", 60)
    try:
        return both(case, postgres, name, folder)
    finally:
        postgres.close()


def by_redshift(found: Server, case: Case, name: str, folder: Path) -> Both:
    client = RedshiftData(found)
    config = Redshift(kind="redshift", database="postgres", workgroup="judges")
    clock = Clock(time.monotonic, lambda seconds: None)
    statements = Statements(Aws(TARGET, lambda service: client), config, name, clock=clock)
    try:
        table = RedshiftTable(statements, "public", name, name, UNBOUND)
        return compared_with_duckdb(case, table, folder / f"{name}.parquet")
    finally:
        client.connection.close()


WAYS = {"postgresql": by_postgres, "redshift": by_redshift}


def run(cases: int, seed: int) -> tuple[dict[str, Log], int]:
    """Tables from this seed on until there are as many cases; the logs by database, and the last seed."""
    logs: dict[str, Log] = {name: Log() for name in WAYS}
    with server() as found, tempfile.TemporaryDirectory() as folder:
        found.run(*SETUP)
        while min(log.answered.total() for log in logs.values()) < cases:
            _one(found, seed, Path(folder), logs)
            seed += 1
    return logs, seed - 1


def _one(found: Server, seed: int, folder: Path, logs: dict[str, Log]) -> None:
    case, name = case_of(seed, folder), f"t{seed}"
    with psycopg.connect(found.url(), autocommit=True) as connection:
        load(connection, name, case.path)
        for way, log in logs.items():
            log.take(WAYS[way](found, case, name, folder))
        connection.execute(f'DROP TABLE "{name}"')  # type: ignore[call-overload]
    case.path.unlink()


def told(name: str, log: Log) -> None:
    """Print what was found."""
    kinds = len(log.answered)
    print(f"{name}: {log.answered.total():,} cases of {kinds} types, {len(log.unlike)} differ")
    shown: Any = ", ".join(f"{count} {type}" for type, count in log.left.most_common())
    print(f"  left to Great Expectations, though DuckDB answers them: {log.left.total():,} ({shown})")
    for each in log.unlike:
        print(f"  seed {each.seed} {each.type} {dict(each.kwargs)}")
        print(f"    there {each.there}\n    here  {each.here}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=4_000)
    parser.add_argument(
        "--seed", type=int, default=7_000_000, help="of the first table; the next has the next"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} cases")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    logs, last = run(QUICK if given.quick else given.cases, given.seed)
    print(f"seeds {given.seed} to {last}, {time.monotonic() - begun:.0f} s")
    for name, log in logs.items():
        told(name, log)
    return 1 if any(log.unlike for log in logs.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

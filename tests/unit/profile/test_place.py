"""What a table that is named on the command line is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.profile.place import place_of


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("build/flights.parquet", "flights"),
        ("build/p/*/*.parquet", "p"),
        ("s3://bucket/day=*/", "bucket"),
        ("./flights.2024.csv", "flights"),
        ("*.parquet", "table"),
        ("build/day=1/", "day"),
        ("/data/t.jsonl", "t"),
    ],
)
def test_a_path_gives_a_name_and_a_suite(table: str, name: str, tmp_path: Path) -> None:
    place = place_of(table, tmp_path)
    assert (place.name, place.config.suite) == (name, f"suites/data/{name}.json")


def test_a_name_is_of_a_solution(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table 'flights'"):
        place_of("flights", tmp_path)

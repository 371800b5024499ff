"""Sources that name a connection: it is there, or told."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.project import minimal, write

from runner.config.load import load
from runner.errors import ConfigError


def problems(root: Path, source: str, **more: str) -> list[str]:
    config = minimal()
    config["stages"]["data"]["connections"] = {
        "warehouse": {"kind": "postgresql", "url_from": "URL"},
        "catalogue": {"kind": "glue", "database": "lake"},
    }
    tables = config["stages"]["data"]["tables"]
    name = next(iter(tables))
    tables[name] = {"source": source, "suite": tables[name]["suite"], **more}
    try:
        load(write(root, config))
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "source", ["warehouse:flights", "catalogue:lake.flights", "s3://b/k.csv", "odd:name.csv"]
)
def test_what_is_there_is_fine(tmp_path: Path, source: str) -> None:
    assert problems(tmp_path, source) == []


def test_a_misspelt_connection_is_told_with_the_right_one(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "warehose:flights")
    assert "'warehose' is no connection of this stage" in told and "warehouse" in told


def test_a_databases_table_has_no_files_that_change(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "warehouse:flights", partitions="changed")
    assert "no files that change" in told
    assert problems(tmp_path, "catalogue:flights", partitions="changed") == []

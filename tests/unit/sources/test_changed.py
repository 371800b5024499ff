"""`partitions: changed`: what counts as asked of a table, beside lockgate.yml's own lines."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers.between import nowhere

from runner.config.data import TableSource
from runner.expect.columns import Kind
from runner.expect.literals import Uncompiled
from runner.model import Earlier, EarlierRun, TableFacts
from runner.sources.buckets import Buckets
from runner.sources.opening import Places, opened

ASKED = {
    "contract": {"columns": "agreed.json"},
    "drift": {"against": "agreed.json"},
    "skew": {"component": "features", "raw": "agreed.json", "key": "n"},
}


def part(root: Path, earlier: Earlier, field: str) -> tuple[str, Earlier]:
    """Which part of d/ is judged, and what the next run knows of it."""
    fields = {"source": "d/", "suite": "s.json", "partitions": "changed", field: ASKED[field]}
    places = Places(root, root / "scratch", Buckets(nowhere), earlier=earlier)
    facts = opened("t", TableSource.model_validate(fields), places).facts()
    known = {"t": TableFacts("d/", "", 1, files=facts["files"])}
    return str(facts["part"]), Earlier((EarlierRun("run-0", "", known),))


@pytest.mark.parametrize("field", ASKED)
def test_a_file_that_a_table_is_compared_with_counts_too(field: str, tmp_path: Path) -> None:
    for folder in ("d", "scratch"):
        (tmp_path / folder).mkdir()
    (tmp_path / "s.json").write_text(json.dumps({"name": "s", "expectations": []}))
    (tmp_path / "agreed.json").write_text("before")
    pd.DataFrame({"n": [1]}).to_csv(tmp_path / "d/a.csv")
    _, known = part(tmp_path, Earlier(), field)
    pd.DataFrame({"n": [2]}).to_csv(tmp_path / "d/b.csv")
    assert part(tmp_path, known, field)[0].startswith("1 of 2 files")
    (tmp_path / "agreed.json").write_text("after")
    assert part(tmp_path, known, field)[0].startswith("all 2 files: each is new")


def test_a_partition_is_of_the_type_that_all_files_give_it(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    (tmp_path / "scratch").mkdir()
    config, known = TableSource(source="d/", suite="s.json", partitions="changed"), Earlier()
    for folder in ("k=x", "k=1"):
        (tmp_path / "d" / folder).mkdir(parents=True)
        pd.DataFrame({"n": [1]}).to_parquet(tmp_path / "d" / folder / "a.parquet")
        table = opened("t", config, Places(tmp_path, tmp_path / "scratch", Buckets(nowhere), earlier=known))
        facts = {"t": TableFacts("d/", "", 1, files=table.facts()["files"])}
        known = Earlier((EarlierRun("run-0", "", facts),))
    columns = table.columns()
    assert table.facts()["part"].startswith("1 of 2 files")
    assert not isinstance(columns, Uncompiled) and columns["k"].kind is Kind.TEXT
    assert table.frame()["k"].to_list() == ["1"]

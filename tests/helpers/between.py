"""Small tables with what is asked between them and over time, judged by the data stage itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from helpers.judging import checks_of

from runner.adapters.aws import Aws
from runner.config.data import TableSource
from runner.config.schema import DataStage, Solution
from runner.model import Check, Earlier, EarlierRun, TableFacts
from runner.sources.buckets import Buckets
from runner.sources.opening import Places, opened
from runner.sources.source import Source
from runner.stages import StageJob
from runner.stages.data import run

SUITE = {
    "name": "s",
    "expectations": [{"type": "expect_table_column_count_to_be_between", "kwargs": {"min_value": 1}}],
}


def table(
    root: Path, name: str, columns: Mapping[str, Any] | pd.DataFrame | pa.Table, suffix: str = ".parquet"
) -> str:
    """A table's file, which is returned as a source. pandas writes NaN as null; an Arrow table keeps it."""
    path = root / f"{name}{suffix}"
    if isinstance(columns, pa.Table):
        pq.write_table(columns, path)
        return path.name
    frame = columns if isinstance(columns, pd.DataFrame) else pd.DataFrame(columns)
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path, index=False)
    return path.name


def source(root: Path, place: str) -> Source:
    """A table, found as the stage finds it."""
    (root / "scratch").mkdir(exist_ok=True)
    name, config = place.partition(".")[0], TableSource(source=place, suite="s.json")
    return opened(name, config, Places(root, root / "scratch", Buckets(nowhere)))


def nowhere() -> Aws:
    raise AssertionError("S3 was asked")


def job(root: Path, tables: Mapping[str, Any], earlier: Earlier | None = None, **stage: Any) -> StageJob:
    """A job of a data stage; a table's fields without its suite, or its source alone."""
    (root / "s.json").write_text(json.dumps(SUITE))
    fields = {name: {"source": each} if isinstance(each, str) else each for name, each in tables.items()}
    told = {name: {"suite": "s.json", **each} for name, each in fields.items()}
    made = DataStage.model_validate({"kind": "data", "tables": told, **stage})
    (root / "out").mkdir(exist_ok=True)
    solution = Solution(solution="small", components={}, stages={"data": made})
    found = StageJob("run-1", "data", root, root / "out", solution, made, {}, Path(sys.executable))
    return replace(found, earlier=earlier) if earlier else found


def judged(
    root: Path, tables: Mapping[str, Any], earlier: Earlier | None = None, **stage: Any
) -> dict[str, Check]:
    """The checks that a stage gives, by id."""
    return checks_of(run(job(root, tables, earlier, **stage)))


def earlier(*rows: int, source: str = "t.parquet", **facts: Any) -> Earlier:
    """Runs that passed, newest first, by their rows of the table `t`."""
    told = (TableFacts(source, "d" * 64, count, **facts) for count in rows)
    runs = (EarlierRun(f"r{n}", "2026-11-22T12:00:00+00:00", {"t": each}) for n, each in enumerate(told))
    return Earlier(tuple(runs))

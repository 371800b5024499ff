"""`trust_footer: true` in a data stage: what the footer answered stands in the evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from helpers.judging import checks_of, data_job

from runner.model import Status
from runner.stages.data import run

NOT_NULL, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"


def table(folder: Path, **more: Any) -> dict[str, Any]:
    """Whole numbers with a null, and floats."""
    pq.write_table(pa.table({"x": [1, 2, None], "f": [0.5, 1.5, 2.5]}), folder / "t.parquet")
    asked = [
        (BETWEEN, {"column": "x", "min_value": 1}),
        (BETWEEN, {"column": "f", "min_value": 0}),
        (NOT_NULL, {"column": "x", "mostly": 0.5}),
        (UNIQUE, {"column": "x"}),
    ]
    listed = [{"type": type, "kwargs": kwargs} for type, kwargs in asked]
    (folder / "t.json").write_text(json.dumps({"name": "t", "expectations": listed}))
    return {"source": "t.parquet", "suite": "t.json", **more}


def test_what_a_trusted_footer_answered_is_named(tmp_path: Path) -> None:
    report = run(data_job(tmp_path, t=table(tmp_path, trust_footer=True)))
    assert report.status is Status.PASSED
    assert report.judged[0].facts["by_footer"] == [f"t/{BETWEEN}(x)"]  # of the other nulls and NaN
    whole = checks_of(report)["t/table"]
    assert whole.measured == "3 rows x 2 columns, answered by the footer alone: 1"


def test_without_trust_no_footer_is_named(tmp_path: Path) -> None:
    report = run(data_job(tmp_path, t=table(tmp_path)))
    assert report.status is Status.PASSED and "by_footer" not in report.judged[0].facts
    assert checks_of(report)["t/table"].measured == "3 rows x 2 columns"

"""`lockgate run --data-docs`: the site lies beside the stage's result, and the report leads to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.whole_runs import newest_run

from runner.cli import main

pytestmark = pytest.mark.integration


def test_the_report_links_the_site(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n2\n")
    rows = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}
    (tmp_path / "t.json").write_text(json.dumps({"expectations": [rows]}))
    stage = {"kind": "data", "tables": {"t": {"source": "t.csv", "suite": "t.json"}}}
    (tmp_path / "lockgate.yml").write_text(json.dumps({"solution": "small", "stages": {"data": stage}}))
    assert main(["run", "--solution", str(tmp_path), "--data-docs"]) == 1
    run = newest_run(tmp_path)
    assert run is not None
    links = re.findall(r'href="([^"]*/data/docs/[^"]*)"', (run / "report.html").read_text())
    assert "stages/data/data/docs/index.html" in links and all((run / link).is_file() for link in links)
    (page,) = [link for link in links if "/validations/t/" in link]
    assert "Must have exactly" in (run / page).read_text() and "Failed" in (run / page).read_text()

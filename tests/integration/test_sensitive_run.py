"""A whole run over sensitive columns: their values are in no file that it leaves, and not on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from runner.cli import main

pytestmark = pytest.mark.integration
CONFIG = """\
version: 1
solution: small
stages:
  data:
    kind: data
    tables:
      t: {source: t.parquet, suite: t.json, sensitive: [who, pay]}
      c: {source: c.csv, suite: t.json, sensitive: [who, pay]}
      f:
        source: t.parquet
        suite: t.json
        sensitive: [who, pay]
        freshness: {column: pay, within: 1d}
    relations:
      known: {kind: foreign-key, table: t, columns: [who], references: c}
"""
COLUMN = "expect_column_"
SUITE = [
    {"type": f"{COLUMN}values_to_be_in_set", "kwargs": {"column": "who", "value_set": ["x"]}},
    {"type": f"{COLUMN}values_to_match_regex", "kwargs": {"column": "who", "regex": "^(?=x)x"}},
    {"type": f"{COLUMN}values_to_be_between", "kwargs": {"column": "pay", "max_value": 5}},
    {"type": f"{COLUMN}mean_to_be_between", "kwargs": {"column": "pay", "max_value": 5}},
    {"type": f"{COLUMN}mean_to_be_between", "kwargs": {"column": "who", "max_value": 5}},
    {"type": f"{COLUMN}most_common_value_to_be_in_set", "kwargs": {"column": "who", "value_set": ["x"]}},
    {"type": f"{COLUMN}values_to_be_unique", "kwargs": {"column": "who"}},
]


def said(path: Path) -> str:
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    return path.read_text(errors="replace")


def test_nothing_that_a_run_leaves_has_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pays = [987654321 + 1111 * n for n in range(30)]
    frame = pd.DataFrame({"who": [f"planted-{n // 2}" for n in range(30)], "pay": pays})
    frame.to_parquet(tmp_path / "t.parquet")
    (tmp_path / "c.csv").write_text(frame.to_csv(index=False) + "planted-99,planted-98\n")
    (tmp_path / "t.json").write_text(json.dumps({"name": "t", "expectations": SUITE}))
    (tmp_path / "lockgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    assert main(["run"]) in (1, 3)
    told = capfd.readouterr()
    files = [path for path in (tmp_path / ".lockgate").rglob("*") if path.is_file()]
    assert [path for path in files if path.name == "t.failing.parquet"]
    everything = told.out + told.err + "".join(map(said, files))
    assert "planted-" not in everything and "[masked]" in everything
    assert not [pay for pay in pays if str(pay) in everything or f"{pay:,}" in everything]

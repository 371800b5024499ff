"""Tables of files in whole runs: what exit status, and what an earlier run leaves to be judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from helpers.whole_runs import Ran, run

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}


def solution(root: Path, source: str, **table: str) -> Path:
    (root / "s.json").write_text(json.dumps({"name": "s", "expectations": [NOT_NULL]}))
    stage = {"kind": "data", "tables": {"t": {"source": source, "suite": "s.json", **table}}}
    (root / "lockgate.yml").write_text(yaml.safe_dump({"solution": "small", "stages": {"data": stage}}))
    (root / "requirements.lock").write_text("")
    (root / "d").mkdir()
    return root


def measured(ran: Ran) -> str:
    report = json.loads((ran.folder / "stages" / "data" / "result.json").read_bytes())
    return str(report["checks"][0]["measured"])


def test_a_file_that_failed_is_judged_until_it_passes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = solution(tmp_path, "d/", partitions="changed")
    for day in (1, 2):
        (root / f"d/{day}.csv").write_text("x,y\n1,2\n")
    first = run(root, capfd)
    assert first.code == 0 and measured(first) == "2 rows x 2 columns (all 2 files: no earlier run passed)"
    (root / "d/3.csv").write_text("x,y\n1,2\n,3\n")
    for _ in range(2):
        bad = run(root, capfd)
        assert bad.code == 1 and measured(bad).startswith("2 rows x 2 columns (1 of 3 files: the others are")
        assert "1 of 2 null" in bad.last
    (root / "d/3.csv").write_text("x,y\n1,2\n2,3\n")
    good = run(root, capfd)
    assert good.code == 0 and "(1 of 3 files" in measured(good)


@pytest.mark.parametrize(
    ("source", "content", "cause"),
    [
        ("d/t.csv", b"x,y\n1,2\n3\n", "d/t.csv: cannot be read: line 3 has 1 fields, the header 2"),
        ("d/*.jsonl", b'{"x":1}\n{"x":"1"}\n', "table t: t.jsonl: cannot be read: line 2: x is text"),
        ("d/", b"PAR1 and no more", "table t: t.parquet: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_could_not_tell(
    source: str, content: bytes, cause: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = solution(tmp_path, source)
    name = {"d/": "d/t.parquet", "d/*.jsonl": "d/t.jsonl"}.get(source, source)
    (root / name).write_bytes(content)
    ran = run(root, capfd)
    assert ran.code == 3 and cause in ran.last and "Traceback" not in ran.out + ran.err

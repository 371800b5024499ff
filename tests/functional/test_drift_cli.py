"""Drift and skew in a whole run of a data stage: exit codes and the cause that is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from runner.cli import main

HANDLER = "def handler(event, context):\n    return {'double': 2 * event['x']}\n"
SUITE = {
    "name": "s",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}],
}


def solution(root: Path, moved: float = 0.0, handler: str = HANDLER, **drift: Any) -> Path:
    """A solution whose table moved so far from its training data; `double` is what serving makes of x."""
    (root / "src").mkdir()
    (root / "src" / "app.py").write_text(handler)
    (root / "requirements.lock").write_text("")
    (root / "suite.json").write_text(json.dumps(SUITE))
    random = np.random.default_rng(4)
    for name, shift in (("training", 0.0), ("now", moved)):
        x = random.normal(shift, 1, 2_000)
        frame = pd.DataFrame({"row": range(2_000), "x": x, "double": 2 * x})
        frame.to_parquet(root / f"{name}.parquet")
    raw = ({"row": i, "event": {"x": x}} for i, x in enumerate(frame["x"].head(50)))
    (root / "raw.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in raw))
    table = {
        "source": "now.parquet",
        "suite": "suite.json",
        "drift": {"against": "training.parquet", "columns": ["x"], "joint": 0.2, **drift},
        "skew": {"component": "features", "raw": "raw.jsonl", "key": "row"},
    }
    component = {"kind": "lambda-zip", "source": "src", "handler": "app.handler", "runtime": "python3.12"}
    config = {
        "version": 1,
        "solution": "moved",
        "components": {"features": component},
        "stages": {"data": {"kind": "data", "tables": {"now": table}}},
    }
    (root / "lockgate.yml").write_text(yaml.safe_dump(config))
    return root


def test_a_table_that_did_not_move_and_is_served_as_trained_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--stage", "data", "--solution", str(solution(tmp_path))]) == 0
    (result,) = tmp_path.glob(".lockgate/runs/*/stages/data/result.json")
    checks = {c["id"]: c for c in json.loads(result.read_text())["checks"]}
    assert checks["now/drift/x"]["measured"].startswith("PSI ")
    assert checks["now/drift/joint"]["status"] == "PASSED"
    assert checks["now/skew/rows"]["measured"] == "50 of 50 raw rows answered"
    assert checks["now/skew/features"]["measured"] == "0 of 50 rows differ"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"moved": 1.0}, 1, "column 'x' has moved: population stability index at least"),
        ({"handler": HANDLER.replace("2 *", "2.5 *")}, 1, "50 of 50 rows differ: double at row 0: served"),
        ({"handler": "import nowhere"}, 1, "handler cannot be imported: ModuleNotFoundError"),
        ({"detect": 1.01}, 3, "too few rows"),
        ({"against": "nowhere.parquet"}, 3, "there is no such file"),
        ({"psi": None, "joint": None}, 2, "no effect is asked"),
    ],
)
def test_what_moved_or_is_served_otherwise_is_told(
    changed: dict[str, Any], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--stage", "data", "--solution", str(solution(tmp_path, **changed))]) == code
    told = capsys.readouterr()
    assert said in " ".join((told.out + told.err).split())
    assert "Traceback" not in told.out + told.err

"""Small predictions, tables and jobs for the tests of the data and the model stage."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from runner.config.schema import DataStage, ModelStage, Solution
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION, Predictions
from runner.model import Artifact, Check, StageReport
from runner.stages import StageJob

MODELS = Path(__file__).resolve().parent.parent / "data" / "models"
FEATURES = ("a", "b", "c")
ROWS = 600

CRITERIA: dict[str, Any] = {
    "version": 1,
    "task": BINARY,
    "metrics": [{"metric": "roc_auc", "min": 0.7}, {"metric": "log_loss", "max": 0.6}],
    "baseline": {"kind": "dummy", "strategy": "prior", "must_beat": [{"metric": "log_loss", "by": 0.05}]},
    "calibration": {"max_error": 0.1},
    "slices": [{"by": "place", "metric": "roc_auc", "min": 0.6, "min_rows": 50}],
    "latency": {"p95_ms": 1000, "repeats": 20},
    "size": {"max_mb": 1},
}


def table(seed: int = 1, rows: int = ROWS) -> pd.DataFrame:
    """Rows by the recipe of tests/data/README.md, with labels of all three tasks and a column to slice by."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    noisy = x[:, 0] - x[:, 1] / 2 + rng.normal(size=rows)
    frame = pd.DataFrame(x, columns=list(FEATURES))
    places = np.where(np.arange(rows) < 10, "tiny", np.where(np.arange(rows) % 2, "north", "south"))
    return frame.assign(
        late=(noisy > 0).astype(int), three=np.digitize(noisy, [-1, 1]), value=noisy, place=places
    )


def binary(seed: int = 0, rows: int = 300) -> Predictions:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return Predictions(BINARY, y, np.clip(0.3 + 0.4 * y + rng.normal(0, 0.2, rows), 0.02, 0.98), (0, 1))


def multiclass(seed: int = 0, rows: int = 300) -> Predictions:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    raw = rng.random((rows, 3)) + 0.6 * np.eye(3)[y]
    return Predictions(MULTICLASS, y, raw / raw.sum(axis=1, keepdims=True), ("x", "y", "z"))


def regression(seed: int = 0, rows: int = 300) -> Predictions:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=rows) * 3 + 10
    return Predictions(REGRESSION, y, y + rng.normal(size=rows))


def model_job(root: Path, criteria: Any = CRITERIA, model: str | Path = "binary", **stage: Any) -> StageJob:
    """A solution with one model (of tests/data, or a file), as the stage is handed it; `stage` overrides
    fields of the model stage."""
    root.mkdir(parents=True, exist_ok=True)
    source = model if isinstance(model, Path) else MODELS / f"{model}.onnx"
    path = root / f"model{source.suffix}"
    shutil.copy(source, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (root / "training.json").write_text(json.dumps({"model_sha256": digest, "estimator": "linear"}))
    (root / "criteria.yml").write_text(criteria if isinstance(criteria, str) else json.dumps(criteria))
    if not (root / "evaluation.parquet").exists():
        table().to_parquet(root / "evaluation.parquet", index=False)
    evaluation = {"source": "evaluation.parquet", "label": "late", "features": FEATURES}
    fields = {"candidate": "model", "evaluation": evaluation, "criteria": "criteria.yml", **stage}
    component = {"kind": "model", "path": path.name, "record": "training.json"}
    artifact = Artifact("model", "model", str(path), digest, path.stat().st_size, "")
    return _job(root, ModelStage(kind="model", **fields), {"model": component}, {"model": artifact})


def data_job(root: Path, **tables: dict[str, str]) -> StageJob:
    """A job of the data stage; a table is {source, suite}."""
    return _job(root, DataStage(kind="data", tables=tables), {}, {})


def _job(root: Path, stage: Any, components: dict[str, Any], artifacts: dict[str, Artifact]) -> StageJob:
    out = root / "out"
    out.mkdir(exist_ok=True)
    solution = Solution(solution="small", components=components, stages={stage.kind: stage})
    return StageJob("run-1", stage.kind, root, out, solution, stage, artifacts, Path(sys.executable))


def checks_of(report: StageReport) -> dict[str, Check]:
    """The report's checks by id; asserts that exactly what was collected has a result."""
    assert [check.id for check in report.checks] == list(report.collected)
    return {check.id: check for check in report.checks}

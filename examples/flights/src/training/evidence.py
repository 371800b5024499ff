"""What stands beside the model: the evaluation table, the golden rows, the training record."""

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from delay_features import NAMES
from sklearn import metrics

from training.dataset import LAST_TRAINING_MONTH, LATE_MINUTES, Dataset, slices
from training.paths import CODE, DATA, EVALUATION, GOLDEN, MODEL, REFERENCE, TABLES

GOLDEN_ROWS = 48
LIBRARIES = ("numpy", "onnx", "pandas", "pyarrow", "scikit-learn", "skl2onnx", "skops")
METRICS = ("roc_auc_score", "average_precision_score", "log_loss", "brier_score_loss")


def write_evaluation(test: Dataset) -> None:
    """The test period: the features (float32), `late`, and the slices' columns."""
    table = pd.DataFrame(test.features, columns=list(NAMES)).assign(late=test.late)
    table.join(slices(test)).to_parquet(EVALUATION, index=False)


def write_golden(test: Dataset, probability: np.ndarray) -> None:
    """Flights spread evenly over the ranking from the least to the most probably late, and one without
    weather; each with the probability that the model gave it when it was trained."""
    ranks = np.linspace(0, len(probability) - 1, GOLDEN_ROWS).astype(int)
    chosen = list(np.argsort(probability, kind="stable")[ranks])
    chosen += [row for row, event in enumerate(test.events) if event["weather"] is None][:1]
    lines = (
        json.dumps({"event": test.events[row], "expected": {"probability": float(probability[row])}})
        for row in chosen
    )
    GOLDEN.write_text("\n".join(lines) + "\n")


def record(
    parameters: dict[str, Any], opset: int, train: Dataset, test: Dataset, probability: np.ndarray
) -> dict[str, Any]:
    """How the model came about: digests of what went in and out, the split, and the test metrics."""
    return {
        "model_sha256": sha256([MODEL]),
        "reference_sha256": sha256([REFERENCE]),
        "evaluation_sha256": sha256([EVALUATION]),
        "golden_sha256": sha256([GOLDEN]),
        "data_sha256": {name: sha256([DATA / f"{name}.parquet"]) for name in TABLES},
        "code_sha256": sha256(code()),
        "estimator": "sklearn.ensemble.HistGradientBoostingClassifier",
        "parameters": parameters,
        "seeds": {"random_state": parameters["random_state"]},
        "onnx_opset": opset,
        "features": list(NAMES),
        "label": f"arr_delay >= {LATE_MINUTES} minutes; cancelled and diverted flights have none",
        "split": f"trained on months 1 to {LAST_TRAINING_MONTH} of 2013, tested on the rest",
        "train": period(train),
        "test": period(test),
        "metrics": {name: round(getattr(metrics, name)(test.late, probability), 6) for name in METRICS},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }


def period(dataset: Dataset) -> dict[str, Any]:
    """Rows, and the rate of late ones among them (the base rate)."""
    return {"rows": len(dataset.late), "late_rate": round(float(dataset.late.mean()), 6)}


def code() -> list[Path]:
    """The files that decide the model, in a fixed order."""
    found = (path for root in map(Path, CODE) for path in ([root] if root.is_file() else root.rglob("*.py")))
    return sorted(found)


def sha256(files: Iterable[Path]) -> str:
    """One file: the digest of its bytes. More: of their names and digests, one a line."""
    digests = [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    if len(digests) == 1:
        return digests[0][1]
    return hashlib.sha256("".join(f"{d}  {p.as_posix()}\n" for p, d in digests).encode()).hexdigest()

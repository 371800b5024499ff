"""Whether the ONNX model says what the scikit-learn model said: training's model is the served one.

The scikit-learn model is opened by skops in a process of the solution's own interpreter, without
credentials and in isolated mode; matrices travel as .npy files, which cannot hold objects.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.adapters import privileges, shell
from runner.judge.bounds import bounded
from runner.judge.predictions import NUMBERS, CannotCompute, Predictions, Task
from runner.model import Check
from runner.text import one_line

SCRIPT = Path(__file__).with_name("_skops_scores.py")
TIMEOUT = 300.0


def reference_scores(
    python: Path, model: Path, matrix: Any, task: Task, trusted: tuple[str, ...] = ()
) -> Any:
    """Predictions (n,) or (n, classes) of a skops model on a float32 matrix; `trusted` types beside REVIEWED.

    Raises CannotCompute where the file is missing, not trusted, or does not predict."""
    import numpy as np

    if not model.is_file():
        raise CannotCompute(f"there is no {model.name}")
    method = "predict" if task in NUMBERS else "predict_proba"
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        asked, said = Path(folder, "matrix.npy"), Path(folder, "scores.npy")
        np.save(asked, matrix, allow_pickle=False)
        command = [str(python), "-I", str(SCRIPT), str(model.resolve()), str(asked), str(said), method]
        command += trusted
        with privileges.lent(Path(folder)):
            done = shell.run(command, cwd=Path(folder), timeout=TIMEOUT, untrusted=True)
        if done.code or not said.is_file():
            raise CannotCompute(_why(done, model.name))
        return np.load(said, allow_pickle=False)


def largest_difference(scores: Any, reference: Any) -> float:
    """The largest absolute difference of two models' predictions of the same rows.

    A binary reference of two columns is compared by its second. Raises CannotCompute where shapes
    differ, there are no rows, or a difference is not a number."""
    import numpy as np

    if scores.ndim == 1 and reference.ndim == 2:
        reference = reference[:, -1]
    if scores.shape != reference.shape or not scores.size:
        raise CannotCompute(f"shapes {scores.shape} and {reference.shape} do not compare")
    difference = float(np.abs(scores - reference).max())
    if not np.isfinite(difference):
        raise CannotCompute("some predictions are NaN or infinite")
    return difference


def parity_check(predictions: Predictions, limit: float, reference: Callable[[], Any]) -> Check:
    """One check, `parity`; `reference()` gives the scikit-learn model's predictions."""
    return bounded(
        "parity",
        "largest difference to the scikit-learn model",
        lambda: largest_difference(predictions.scores, reference()),
        high=limit,
        rows=len(predictions),
    )


def _why(done: shell.Completed, name: str) -> str:
    if done.timed_out:
        return f"{name} did not predict within {TIMEOUT:.0f} s"
    lines = [line for line in done.output.splitlines() if line.strip()]
    return f"{name} cannot be used (exit status {done.code}): {one_line(lines[-1]) if lines else 'no output'}"

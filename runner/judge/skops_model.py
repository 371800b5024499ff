"""A scikit-learn model as skops: asked in a process of the solution's own interpreter, never opened here."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters import privileges
from runner.judge.memory import Memory
from runner.judge.onnx_model import Unusable, shaped
from runner.judge.parity import reference_scores
from runner.judge.predictions import CannotCompute, Task


@dataclass(frozen=True, slots=True)
class SkopsModel:
    """The file's bytes, who opens them, and the types that the solution trusts beside the reviewed ones."""

    data: bytes
    python: Path
    trusted: tuple[str, ...] = ()

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """As `OnnxModel.scores`. Raises Unusable where the file is refused or does not predict."""
        with tempfile.TemporaryDirectory(prefix="skops-") as folder:
            path = Path(folder, "model.skops")
            path.write_bytes(self.data)
            try:
                with privileges.lent(Path(folder)):
                    said = reference_scores(self.python, path, matrix, task, self.trusted)
            except (CannotCompute, OSError, ValueError) as error:
                raise Unusable(str(error)) from None
        return shaped(said, len(matrix), task, classes)

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """Raises CannotCompute: production does not serve it this way."""
        raise CannotCompute("a skops file is served by nothing here: judge what serves it (`through`)")

    def memory(self, matrix: Any) -> Memory:
        """Raises CannotCompute likewise."""
        raise CannotCompute("a skops file is served by nothing here: judge what serves it (`through`)")

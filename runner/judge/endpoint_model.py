"""A model behind a SageMaker endpoint: the run asked it of the evaluation's rows before the stage began.

Whoever asks an endpoint holds credentials, and this stage holds none, since it opens files that strangers
made. So what it is handed is what the endpoint answered, a file named by its digest.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner.judge.memory import Memory
from runner.judge.onnx_model import Unusable, shaped
from runner.judge.predictions import CannotCompute, Task
from runner.text import reason


@dataclass(frozen=True, slots=True)
class EndpointModel:
    """Recorded answers (n, k) to the rows of `matrix`. It knows no other rows."""

    matrix: Any
    answers: Any

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """As `OnnxModel.scores`. Raises Unusable for any matrix but the evaluation's own."""
        if matrix is not self.matrix:
            raise Unusable("the endpoint was asked of the evaluation's rows alone")
        return shaped(self.answers, len(matrix), task, classes)

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """Raises CannotCompute: it cannot be asked from here."""
        raise CannotCompute("an endpoint is not timed: judge its container here (`through`)")

    def memory(self, matrix: Any) -> Memory:
        """Raises CannotCompute likewise."""
        raise CannotCompute("an endpoint's memory is not told: judge its container here (`through`)")


def read_answers(data: bytes, matrix: Any) -> EndpointModel:
    """The answers that were recorded as .npy. Raises Unusable where they are none."""
    import numpy as np

    try:
        answers = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise Unusable(f"the endpoint's answers cannot be read: {reason(error)}") from None
    return EndpointModel(matrix, answers)

"""An ONNX model as hostile input: opened from bytes that were hashed, one matrix in, numbers out.

Opening and scoring happen in the stage's own process, which holds no credentials in the model stage.
ONNX holds a graph, not code; custom operator libraries and files beside the model are not loaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runner.judge.memory import Memory, onnx_memory
from runner.judge.predictions import BINARY, MULTICLASS, NUMBERS, CannotCompute, Task
from runner.text import reason

FLOATS = {"tensor(float)": "float32", "tensor(double)": "float64"}
PAIRED = 1e-3  # by how much the probabilities of 0 and 1 may miss 1, as those of more classes


class Unusable(Exception):
    """The file is no model that can be judged here; the message is the cause."""


class WrongModel(Exception):
    """It is a model, but not one of this evaluation's inputs or of this task."""


class Scorer(Protocol):
    """A model that can be judged: the file, opened here, or what serves it."""

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """Scores of a float32 matrix (n, features); raises Unusable or WrongModel."""

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """What asks for one row of the matrix, by its number (beyond the last: round again), and gives the
        milliseconds that it took. Raises CannotCompute, as does what it gives, where that is not possible."""

    def memory(self, matrix: Any) -> Memory:
        """What serving it takes at most. Raises CannotCompute where that cannot be measured."""


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """An opened model: its session, its input's name and element type, its score output, its bytes."""

    session: Any
    input: str
    element: str
    output: str
    data: bytes = field(repr=False)

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """What the model says of a float32 matrix (n, features), as `Predictions.scores` wants it.

        Raises Unusable where it does not run, WrongModel where its output has another shape."""
        import numpy as np

        try:
            (raw,) = self.session.run([self.output], {self.input: matrix.astype(self.element)})
        except Exception as error:  # onnxruntime's errors have no base of their own
            raise Unusable(f"it does not run: {reason(error)}") from None
        scores = np.asarray(_columns(raw) if isinstance(raw, list) else raw, dtype=np.float64)
        return shaped(scores, len(matrix), task, classes)

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """In this process, on one thread. Raises CannotCompute where there is no row, or it takes no single
        one."""
        rows = matrix.astype(self.element, copy=False)

        def one(number: int) -> float:
            at = number % len(rows)
            row, begun = rows[at : at + 1], time.perf_counter_ns()
            try:
                self.session.run([self.output], {self.input: row})
            except Exception as error:  # onnxruntime's errors have no base of their own
                raise CannotCompute(f"it does not take a single row: {reason(error)}") from None
            return (time.perf_counter_ns() - begun) / 1e6

        return one

    def memory(self, matrix: Any) -> Memory:
        """Of a process of its own: this one has far more in it. Raises CannotCompute."""
        return onnx_memory(self.data, matrix.astype(self.element, copy=False), self.input, self.output)


def open_model(data: bytes, features: int, task: Task) -> OnnxModel:
    """Open a model that takes one float matrix of `features` columns.

    Raises Unusable for bytes that are no such model, WrongModel for another number of inputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        inputs, outputs = session.get_inputs(), session.get_outputs()
    except Exception as error:  # whatever a parser of hostile bytes raises
        raise Unusable(f"it does not open: {reason(error)}") from None
    if len(inputs) != 1 or inputs[0].type not in FLOATS:
        told = ", ".join(f"{i.name}: {i.type}" for i in inputs)
        raise WrongModel(f"its inputs are {told or 'none'}, not one matrix of floats")
    width = inputs[0].shape[-1] if inputs[0].shape else None
    if isinstance(width, int) and width != features:
        raise WrongModel(f"it takes {width} features, the evaluation has {features}")
    return OnnxModel(session, inputs[0].name, FLOATS[inputs[0].type], _score_output(outputs, task), data)


def _score_output(outputs: list[Any], task: Task) -> str:
    """The output with probabilities (classification) or values: the last of floats or of maps."""
    fit = [o.name for o in outputs if o.type in FLOATS or (task not in NUMBERS and "map(" in o.type)]
    if not fit:
        raise WrongModel(f"it has no output of floats: {', '.join(f'{o.name}: {o.type}' for o in outputs)}")
    return str(fit[0] if task in NUMBERS else fit[-1])


def _columns(rows: list[Mapping[Any, float]]) -> list[list[float]]:
    """skl2onnx's ZipMap output: a mapping of class to probability a row, in the classes' order."""
    keys = sorted(rows[0]) if rows else []
    return [[row[key] for key in keys] for row in rows]


def shaped(scores: Any, rows: int, task: Task, classes: int) -> Any:
    """Scores as `Predictions.scores` has them; raises WrongModel for another shape."""
    width = scores.shape[1] if scores.ndim == 2 else 1
    if scores.ndim not in (1, 2) or len(scores) != rows:
        raise WrongModel(f"its output has shape {scores.shape} for {rows} rows")
    wanted = {1, 2} if task == BINARY else {1} if task in NUMBERS else {classes}
    if width not in wanted:
        raise WrongModel(f"its output has {width} columns, {task} needs {max(wanted)}")
    if task == MULTICLASS:
        return scores
    if width == 2:
        _require_pairs(scores)
    return scores.reshape(rows, width)[:, -1]


def _require_pairs(scores: Any) -> None:
    """Raise WrongModel where the two probabilities of a row (n, 2) are not of one or the other."""
    import numpy as np

    total = scores.sum(axis=1)
    odd = np.isfinite(total) & (abs(total - 1) > PAIRED)
    if odd.any():
        few = f"{int(odd.sum()):,} of {len(odd):,} rows, e.g. row {int(odd.argmax())}"
        raise WrongModel(f"its probabilities of 0 and 1 do not sum to 1 in {few}")

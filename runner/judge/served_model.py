"""A model in its serving container, asked as SageMaker asks it: /ping until ready, then /invocations.

The container has no rights, no credentials and a port that this machine alone reaches; what it
answers is a claim of hostile code, bounded and counted.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from runner.adapters.docker import Container, Engine, logged_in
from runner.errors import InfrastructureError
from runner.judge.bounds import bounded
from runner.judge.memory import Memory
from runner.judge.onnx_model import Unusable, open_model, shaped
from runner.judge.parity import largest_difference
from runner.judge.predictions import CannotCompute, Predictions, Task
from runner.model import Check
from runner.text import one_line, reason

ID = "served"
PORT, BATCH = 8080, 2000
READY_SECONDS, ANSWER_SECONDS, ANSWER_BYTES = 120.0, 60.0, 64 * 2**20
# Trees are summed in float32, in another order for another number of rows or of processors.
SAME = 1e-5


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model behind HOST:PORT. Scores come as CSV, every digit of them."""

    address: str
    post: Callable[[str, bytes], bytes] = field(default=lambda address, body: invoke(address, body))
    peak: Callable[[], int | None] = lambda: None  # bytes

    def scores(self, matrix: Any, task: Task, classes: int = 2) -> Any:
        """As `OnnxModel.scores`: float64, in the shape of the task. Raises Unusable, WrongModel."""
        return shaped(self.answers(matrix), len(matrix), task, classes)

    def answers(self, matrix: Any) -> Any:
        """What it says of each row, (n, k) float64. Raises Unusable."""
        import numpy as np

        rows: list[list[float]] = []
        for start in range(0, len(matrix), BATCH):
            rows += self._answer(matrix[start : start + BATCH])
        try:
            return np.asarray(rows, dtype=np.float64)
        except ValueError:
            raise Unusable("its answers have rows of different lengths") from None

    def timed(self, matrix: Any) -> Callable[[int], float]:
        """Over HTTP, a connection each. Raises CannotCompute where there is no answer."""

        def one(number: int) -> float:
            at = number % len(matrix)
            body, begun = written(matrix[at : at + 1]), time.perf_counter_ns()
            try:
                self.post(self.address, body)
            except Unusable as error:
                raise CannotCompute(str(error)) from None
            return (time.perf_counter_ns() - begun) / 1e6

        return one

    def memory(self, matrix: Any) -> Memory:
        """Of the container, since it was started; what it was asked until now is what is measured. Raises
        CannotCompute where nobody here can tell."""
        if (peak := self.peak()) is None:
            raise CannotCompute("the engine does not tell what its container had at most")
        return Memory(peak, "the serving container, since it was started")

    def _answer(self, batch: Any) -> list[list[float]]:
        said = self.post(self.address, written(batch))
        try:
            rows = [[float(cell) for cell in line.split(",")] for line in said.decode("ascii").splitlines()]
        except ValueError:
            raise Unusable(f"its answer is no CSV of numbers: {one_line(said[:80])}") from None
        if len(rows) != len(batch):
            raise Unusable(f"it answers {len(rows)} rows for {len(batch)}")
        return rows


def written(matrix: Any) -> bytes:
    """Rows as CSV; 'nan' is a missing value."""
    return "\n".join(",".join(map(repr, row)) for row in matrix.tolist()).encode()


def invoke(address: str, body: bytes) -> bytes:
    """The answer to a request of CSV. Raises Unusable."""
    status, said = _request(address, "POST", "/invocations", body)
    if status != 200:
        raise Unusable(f"/invocations answers {status}: {one_line(said[:200].decode('utf-8', 'replace'))}")
    return said


def _request(address: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=ANSWER_SECONDS)
    try:
        headers = {"Content-Type": "text/csv", "Accept": "text/csv"} if body is not None else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.read(ANSWER_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unusable(f"{path} gives no answer: {reason(error)}") from None
    finally:
        connection.close()
    if len(said) > ANSWER_BYTES:
        raise Unusable(f"{path} answers more than {ANSWER_BYTES >> 20} MiB")
    return answer.status, said


@contextmanager
def served(image: str, engine: Engine | None = None, poll: float = 0.1) -> Iterator[ServedModel]:
    """An image's container as long as the context lasts, once /ping has answered 200.

    Raises InfrastructureError without an engine or the image, Unusable where it never is ready."""
    engine = engine or Engine()
    _require(engine, image)
    labels = {"lockgate.purpose": "serve"}
    container = engine.create(Container(image, ("serve",), {}, {}, labels=labels, port=PORT))
    try:
        engine.start(container)
        address = _ready(engine, container, poll)
        yield ServedModel(address, peak=partial(engine.peak_bytes, container))
    finally:
        engine.remove(container)


def _require(engine: Engine, image: str) -> None:
    try:
        engine.image(image)
    except InfrastructureError:
        engine.pull(image, logged_in(image.partition("/")[0]))


def _ready(engine: Engine, container: str, poll: float) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        if (ended := engine.ended(container)) is not None:
            told = engine.errors(container).decode("utf-8", "replace").strip().splitlines()
            why = one_line(told[-1]) if told else "it said nothing"
            raise Unusable(f"its container ended with exit status {ended.code}: {why}")
        try:
            address = engine.address(container, PORT)
            if _request(address, "GET", "/ping")[0] == 200:
                return address
        except Unusable:
            pass  # not listening yet
        except InfrastructureError:  # it has no port any more, or the engine is to blame
            if engine.ended(container) is None:
                raise
            continue
        if time.monotonic() > deadline:
            raise Unusable(f"/ping does not answer 200 within {READY_SECONDS:.0f} s")
        time.sleep(poll)


def served_check(predictions: Predictions, file: Path, matrix: Any) -> Check:
    """One check, `served`: the container says what the ONNX file itself says."""

    def difference() -> float:
        try:
            model = open_model(file.read_bytes(), matrix.shape[1], predictions.task)
            own = model.scores(matrix, predictions.task, len(predictions.classes))
        except (Unusable, OSError) as error:
            raise CannotCompute(f"the file itself cannot be used: {error}") from None
        scale = max(1.0, float(abs(own).max(initial=0.0)))
        return largest_difference(predictions.scores / scale, own / scale)

    what = "largest difference to the file itself (relative above 1)"
    return bounded(ID, what, difference, high=SAME, rows=len(predictions))

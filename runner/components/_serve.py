"""Stand-alone, the whole of a serving container's program: a model behind SageMaker's protocol.

    python server.py [serve]

GET /ping answers 200 once the model is open. POST /invocations takes rows of numbers as text/csv (no
header; an empty field is a missing value) or as application/json ({"instances": [[...], ...]}, null is
missing) and answers in the form that Accept names, else in JSON: {"predictions": [...]}. Needs numpy
and onnxruntime, or skops and what the model was trained with; nothing of Lockgate.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable  # noqa: UP035  whatever Python a base image has

PORT = 8080
MAX_BYTES = 25 * 2**20  # what SageMaker sends at most
CSV, JSON = "text/csv", "application/json"
FLOATS = {"tensor(float)": "float32", "tensor(double)": "float64"}
Predict = Callable[[Any], Any]


class BadRequest(Exception):
    """What was sent cannot be read; the message is told."""


def open_model(environ: Any) -> Predict:
    """The function from a float matrix (n, features) to scores (n,) or (n, columns).

    Exits where the file is not the one whose digest the image was built with."""
    path = Path(environ["SERVING_MODEL"])
    if hashlib.sha256(path.read_bytes()).hexdigest() != environ["SERVING_SHA256"]:
        sys.exit("the model is not the one that this image was built with")
    if path.suffix == ".onnx":
        return _onnx(path)
    return _skops(path, json.loads(environ["SERVING_TRUSTED"]), environ["SERVING_METHOD"])


def _onnx(path: Path) -> Predict:
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    outputs = [o.name for o in session.get_outputs() if o.type in FLOATS or "map(" in o.type]

    def predict(matrix: Any) -> Any:
        (raw,) = session.run([outputs[-1]], {given.name: matrix.astype(FLOATS[given.type])})
        if isinstance(raw, list):  # a mapping of class to probability a row
            raw = [[row[key] for key in sorted(row)] for row in raw]
        return np.asarray(raw, dtype=np.float64)

    return predict


def _skops(path: Path, trusted: list[str], method: str) -> Predict:
    import numpy as np
    import skops.io

    if unknown := set(skops.io.get_untrusted_types(file=path)) - set(trusted):
        sys.exit(f"untrusted types: {', '.join(sorted(unknown))}")
    estimator = skops.io.load(path, trusted=trusted)
    return lambda matrix: np.asarray(getattr(estimator, method)(matrix), dtype=np.float64)


def read_rows(body: bytes, kind: str) -> Any:
    """A request's rows as a float32 matrix. Raises BadRequest."""
    import numpy as np

    try:
        if kind == CSV:
            lines = body.decode("ascii").splitlines()
            rows = [[float(cell or "nan") for cell in line.split(",")] for line in lines if line]
        elif kind == JSON:
            told = json.loads(body)["instances"]
            rows = [[float("nan" if cell is None else cell) for cell in row] for row in told]
        else:
            raise BadRequest(f"Content-Type is {CSV} or {JSON}")
        matrix = np.asarray(rows, dtype=np.float32)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise BadRequest("the rows cannot be read") from None
    if matrix.ndim != 2 or not matrix.size:
        raise BadRequest("there are no rows, or not of one length")
    return matrix


def written(scores: Any, accept: str) -> tuple[str, bytes]:
    """Content type and body of an answer; every digit of a number is in it."""
    rows = scores.tolist()
    if accept.split(";")[0].strip() == CSV:
        lines = (",".join(map(repr, row if isinstance(row, list) else [row])) for row in rows)
        return CSV, ("\n".join(lines) + "\n").encode()
    return JSON, json.dumps({"predictions": rows}).encode()


class Handler(BaseHTTPRequestHandler):
    """One request; `predict` is set before the server starts."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    predict: Predict

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/ping" else 404, JSON, b"{}")

    def do_POST(self) -> None:
        try:
            size = int(self.headers.get("Content-Length", "-1"))
        except ValueError:
            size = -1
        if self.path != "/invocations" or not 0 <= size <= MAX_BYTES:
            self.close_connection = True  # what was sent is left unread
            self._fail(404 if self.path != "/invocations" else 413, f"at most {MAX_BYTES} bytes")
            return
        self._invoke(self.rfile.read(size))

    def _invoke(self, body: bytes) -> None:
        kind = self.headers.get("Content-Type", JSON).split(";")[0].strip()
        try:
            scores = type(self).predict(read_rows(body, kind))
            self._answer(200, *written(scores, self.headers.get("Accept", JSON)))
        except BadRequest as error:
            self._fail(400, str(error))
        except Exception as error:  # the model's own, of whatever library
            sys.stderr.write(f"prediction failed: {type(error).__name__}: {error}\n")
            self._fail(500, "the prediction failed")

    def _fail(self, code: int, why: str) -> None:
        self._answer(code, JSON, json.dumps({"error": why}).encode())

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing for each request."""


def main() -> None:
    # As process 1 of a container nothing else would end it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    predict = open_model(os.environ)
    Handler.predict = staticmethod(predict)
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()  # noqa: S104  it is a container's port


if __name__ == "__main__":
    main()

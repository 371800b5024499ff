"""The serving container's program, here without a container: its answers over HTTP, and what it refuses."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from runner.components._serve import CSV, JSON, MAX_BYTES, BadRequest, Handler, open_model, read_rows, written
from runner.judge.latency import times
from runner.judge.onnx_model import Unusable, WrongModel, shaped
from runner.judge.onnx_model import open_model as opened
from runner.judge.predictions import BINARY
from runner.judge.served_model import ServedModel

MODEL = Path(__file__).parents[2] / "data" / "models" / "binary.onnx"
MATRIX = np.random.default_rng(3).normal(size=(5000, 3)).astype(np.float32)


def environ(model: Path = MODEL, sha256: str = "") -> dict[str, str]:
    digest = sha256 or hashlib.sha256(model.read_bytes()).hexdigest()
    return {"SERVING_MODEL": str(model), "SERVING_SHA256": digest}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    predict = open_model(environ())
    handler = type("Bound", (Handler,), {"predict": staticmethod(predict)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(
    address: str, method: str, path: str, body: bytes | None = None, kind: str = CSV, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=10)
    sent = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_protocol(address: str) -> None:
    assert ask(address, "GET", "/ping") == (200, b"{}")
    assert ask(address, "GET", "/other")[0] == 404
    assert ask(address, "POST", "/other", b"1,2,3")[0] == 404
    told = json.loads(ask(address, "POST", "/invocations", b"1,2,3\n4,5,6\n")[1])["predictions"]
    said = ask(address, "POST", "/invocations", b'{"instances": [[1, 2, 3], [4, 5, 6]]}', JSON, Accept=CSV)[1]
    assert [[float(c) for c in line.split(",")] for line in said.decode().splitlines()] == told
    assert len(told) == 2 and len(told[0]) == 2


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"1,2\n", CSV, 500),  # another number of features: the model's own refusal
        (b"", CSV, 400),
        (b"a,b,c\n", CSV, 400),
        (b"1,2,3\n4,5\n", CSV, 400),
        (b"\xff", CSV, 400),
        (b"{}", JSON, 400),
        (b'{"instances": 3}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"instances": [[1, "x", 3]]}', JSON, 400),
        (b"1,2,3", "application/x-npy", 400),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(address: str, body: bytes, kind: str, code: int) -> None:
    status, said = ask(address, "POST", "/invocations", body, kind)
    assert status == code and json.loads(said)["error"]
    assert b"Traceback" not in said


@pytest.mark.parametrize("size", [str(MAX_BYTES + 1), "-5", "many"])
def test_a_body_of_no_sane_size_is_not_read(address: str, size: str) -> None:
    assert ask(address, "POST", "/invocations", b"", Content_Length=size)[0] == 413


def test_missing_values_and_every_digit_get_through() -> None:
    rows = read_rows(b"1.5,,nan\n", CSV)
    assert rows[0, 0] == 1.5 and np.isnan(rows[0, 1:]).all()
    assert np.isnan(read_rows(b'{"instances": [[null, 1]]}', JSON)[0, 0])
    value = np.float64(np.float32(0.1))
    kind, body = written(np.array([[value]]), CSV)
    assert kind == CSV and float(body) == value
    with pytest.raises(BadRequest):
        read_rows(b"", CSV)


def test_another_file_than_the_images_own_is_not_served() -> None:
    with pytest.raises(SystemExit, match="not the one"):
        open_model(environ(sha256="0" * 64))


def test_through_http_it_says_what_the_file_says(address: str) -> None:
    plain = opened(MODEL.read_bytes(), 3, BINARY).scores(MATRIX, BINARY)
    served = ServedModel(address)
    assert (served.scores(MATRIX, BINARY) == plain).all()
    assert len(times(served, MATRIX[:3], 5)) == 5
    with pytest.raises(Unusable, match="answers 500"):
        served.scores(MATRIX[:, :2], BINARY)


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (b"0.5\n", Unusable, "1 rows for 2"),
        (b"0.5\nhello\n", Unusable, "no CSV"),
        (b"0.5\n0.1,0.2\n", Unusable, "different lengths"),
        (b"\xff\n\xff\n", Unusable, "no CSV"),
        (b"1,2,3\n1,2,3\n", WrongModel, "3 columns"),
    ],
)
def test_an_answer_that_is_none_is_never_a_prediction(said: bytes, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        ServedModel("nowhere", lambda address, body: said).scores(MATRIX[:2], BINARY)


def test_nobody_there_is_unusable() -> None:
    with pytest.raises(Unusable, match="gives no answer"):
        ServedModel("127.0.0.1:1").scores(MATRIX[:2], BINARY)
    assert shaped(np.zeros(2), 2, BINARY, 2).shape == (2,)

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest
from helpers.models import ONNX

from runner.components.onnx_file import MAX_DEPTH, MAX_FIELDS, NotOnnx, onnx_facts

MODELS = Path(__file__).parents[2] / "data" / "models"


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(data)) + data


def model(*graph: bytes) -> bytes:
    return number(1, 8) + message(7, *graph) + message(8, number(2, 15))


def facts(tmp_path: Path, data: bytes) -> dict[str, object]:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    return onnx_facts(path)


def test_what_it_says_first_hides_nothing_that_it_says_later(tmp_path: Path) -> None:
    data = (
        b"".join(message(2, b"p") for _ in range(150))
        + model()
        + message(8, message(1, b"com.x"), number(2, 3))
    )
    assert facts(tmp_path, data)["opset"] == {"ai.onnx": 15, "com.x": 3}
    with pytest.raises(NotOnnx, match="version"):
        facts(tmp_path, model() + number(1, 9))  # readers take the last one
    with pytest.raises(NotOnnx, match="operator sets"):
        facts(tmp_path, model() + message(8, number(2, 1)) * 150)


def test_a_real_model_says_what_it_is() -> None:
    found = onnx_facts(MODELS / "binary.onnx")
    assert found["opset"] == {"ai.onnx": 21, "ai.onnx.ml": 1} and found["ir_version"] == 10
    assert found["inputs"] == [{"name": "X", "element": "float", "shape": [None, 3]}]
    assert [o["name"] for o in found["outputs"]] == ["label", "probabilities"]
    assert found["operators"] == ["ai.onnx.ml.LinearClassifier"]
    assert str(found["producer"]).startswith("skl2onnx")


def test_the_smallest_model(tmp_path: Path) -> None:
    assert facts(tmp_path, ONNX)["opset"] == {"ai.onnx": 15}


def test_operators_of_graphs_in_attributes_are_seen(tmp_path: Path) -> None:
    inner = message(1, message(4, b"Evil"), message(7, b"com.example"))
    node = message(1, message(4, b"If"), message(5, message(6, inner)))
    assert facts(tmp_path, model(node))["operators"] == ["If", "com.example.Evil"]


@pytest.mark.parametrize(
    "tensor",
    [number(14, 1), message(13, message(1, b"location"), message(2, b"../../etc/passwd"))],
    ids=["location", "data"],
)
@pytest.mark.parametrize("place", ["initializer", "attribute", "sparse", "training"])
def test_weights_in_other_files_are_refused(tmp_path: Path, tensor: bytes, place: str) -> None:
    wheres = {
        "initializer": model(message(5, tensor)),
        "attribute": model(message(1, message(5, message(5, tensor)))),
        "sparse": model(message(15, message(1, tensor))),
        "training": model() + message(20, message(1, message(5, tensor))),
    }
    with pytest.raises(NotOnnx, match="other files"):
        facts(tmp_path, wheres[place])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"\x80\x04\x95", "protocol buffers"),
        (b"\x00" * 100, "protocol buffers"),
        (b"PK\x03\x04", "protocol buffers|no ONNX"),
        (number(1, 8), "no ONNX"),
        (model() + message(7), "no ONNX"),
        (number(1, 8) + number(7, 1) + message(8, number(2, 15)), "protocol buffers"),
        (model()[:-1], "cut off"),
        (message(7)[:1] + b"\xff" * 20, "cut off"),
        (b"\x0b\x0c", "protocol buffers"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(NotOnnx, match=told):
        facts(tmp_path, data)


def test_endless_nesting_and_endless_fields_are_refused_in_time(tmp_path: Path) -> None:
    graph = b""
    for _ in range(MAX_DEPTH):
        graph = message(1, message(5, message(6, graph)))
    begun = time.process_time()
    with pytest.raises(NotOnnx, match="nested"):
        facts(tmp_path, model(graph))
    with pytest.raises(NotOnnx, match="fields"):
        facts(tmp_path, model(number(2, 1) * (MAX_FIELDS + 1)))
    assert time.process_time() - begun < 10


def test_a_large_forest_is_read_at_once(tmp_path: Path) -> None:
    floats = struct.pack("<Bf", 7 << 3 | 5, 0.5) * 2_000_000
    ints = number(8, 300) * 2_000_000
    begun = time.monotonic()
    found = facts(tmp_path, model(message(1, message(4, b"T"), message(5, floats), message(5, ints))))
    assert found["operators"] == ["T"] and time.monotonic() - begun < 3


def test_damage_is_an_error_of_ours_or_nothing(tmp_path: Path) -> None:
    draw, whole = random.Random(7), (MODELS / "binary.onnx").read_bytes()  # noqa: S311
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            facts(tmp_path, bytes(data[: draw.randint(1, len(data))]))
        except NotOnnx:
            refused += 1
    assert refused > 200

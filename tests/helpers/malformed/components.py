"""Malformed models, definitions and templates, which `lockgate build` reads."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import yaml
from helpers.malformed.case import CODES, LOCK, Case
from helpers.malformed.damage import JUNK, altered, damaged
from helpers.models import ONNX, record, skops

DATA = Path(__file__).parents[2] / "data" / "models"
FLOW = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {
    "B": {"Type": "Pass", "End": True}}}, "Next": "C"}, "C": {"Type": "Choice", "Choices": [{"Next": "A"}],
    "Default": "A"}}}  # fmt: skip
PIPELINE = {"Version": "2020-12-01", "Steps": [{"Name": "A", "Type": "Training", "DependsOn": []}]}
SCRIPT = "import sys\n\n\ndef main(rows):\n    return [f'{row}' for row in rows if row]\n\n\nmain(sys.argv)\n"
TEMPLATE = (
    "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Code: src, Role: !GetAtt R.Arn}\n"
)


def component(kind: str, what: str, name: str, config: dict[str, Any], data: bytes) -> Case:
    """The build of a component whose file `name` is wrong, and what else it needs to be whole."""
    function = {"kind": "lambda-zip", "source": "src", "handler": "app.handler"}
    solution = {
        "solution": "malformed",
        "components": {"it": config, "fn": function},
        "stages": {"unit": {"suites": ["stock:lambda"]}},
    }
    files = {
        "src/app.py": b"def handler(event, context): return event\n",
        "whole.onnx": ONNX,
        "m.json": json.dumps(record()).encode(),
        "requirements.lock": LOCK.read_bytes(),
        name: data,
        "lockgate.yml": yaml.safe_dump(solution).encode(),
    }
    return Case(kind, what, files, ("build", "--solution", "{root}", "--component", "it"), CODES)


def model(what: str, name: str, data: bytes, kind: str = "model") -> Case:
    return component(kind, what, name, {"kind": "model", "path": name, "record": "m.json"}, data)


def _onnx(draw: random.Random) -> Case:
    whole = draw.choice([ONNX, *(path.read_bytes() for path in sorted(DATA.glob("*.onnx")))])
    return model("onnx", "m.onnx", damaged(draw, whole))


def _skops(draw: random.Random) -> Case:
    array = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    whole = (
        skops(a_npy=array, b_npy=array) if draw.random() < 0.8 else draw.choice(JUNK) * draw.randint(1, 99)
    )
    return model("skops", "m.skops", damaged(draw, whole))


def _record(draw: random.Random) -> Case:
    config = {"kind": "model", "path": "whole.onnx", "record": "m.json"}
    return component("model", "record", "m.json", config, damaged(draw, json.dumps(record()).encode()))


def _definition(format: str, name: str, data: bytes) -> Case:
    return component("definition", format, name, {"kind": "definition", "path": name, "format": format}, data)


def _flow(draw: random.Random) -> Case:
    return _definition("state-machine", "flow.json", _json(draw, FLOW))


def _pipeline(draw: random.Random) -> Case:
    return _definition("sagemaker-pipeline", "pipeline.json", _json(draw, PIPELINE))


def _script(draw: random.Random) -> Case:
    nested = draw.choice("([{-~") * draw.choice([50, 5_000, 500_000])
    data = nested.encode() if draw.random() < 0.3 else damaged(draw, SCRIPT.encode())
    return _definition("glue-script", "job.py", data)


def _template(draw: random.Random) -> Case:
    return _stack(damaged(draw, TEMPLATE.encode(), least=4), package=["fn"])


def _stack(data: bytes, **more: Any) -> Case:
    return component(
        "definition", "template", "stack.yml", {"kind": "stack", "template": "stack.yml", **more}, data
    )


def _json(draw: random.Random, whole: Any) -> bytes:
    text = json.dumps(altered(draw, whole)).encode()
    return damaged(draw, text) if draw.random() < 0.4 else text


def _absurd_model(draw: random.Random) -> Case:
    """What is valid in a way, and far too much."""
    name, data = draw.choice(
        [
            ("m.skops", skops(b" " * 80_000_000)),
            ("m.skops", skops(**{f"a{n}_npy": b"" for n in range(3000)}) + b"\0" * draw.randint(0, 99)),
            ("m.skops", skops(b'{"__loader__": "x", "a":' + b"[" * 100_000)),
            ("m.onnx", b"\x10\x01" * 4_000_000),
            ("m.onnx", b"\x3a\xff\xff\xff\xff\x07" + b"\0" * 1_000_000),
            ("m.onnx", b"\x80" * 50_000_000),
        ]
    )
    return model("absurd model", name, data)


def _absurd_definition(draw: random.Random) -> Case:
    return draw.choice(
        [
            _definition("state-machine", "flow.json", b'{"a":' * 200_000),
            _definition("glue-script", "job.py", b"1+" * 500_000 + b"1"),
            _definition("glue-script", "job.py", b"".join(b" " * n + b"if 1:\n" for n in range(120))),
            _stack(b"{a: " * 50_000),
            _stack(b"x: [" + b"1," * 490_000),
        ]
    )


MODELS = (_onnx, _skops, _record, _absurd_model)
DEFINITIONS = (_flow, _pipeline, _script, _template, _absurd_definition)

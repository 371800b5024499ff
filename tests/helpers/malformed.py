"""Malformed archives, models, definitions and templates, and `lockgate build` over each of them.

    PYTHONPATH=tests .venv/bin/python -m helpers.malformed 1000 [SEED]

Each case is a process of its own, whose exit status, output, seconds and memory are looked at.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from helpers.models import ONNX, record, skops

from runner.cli import main

DATA = Path(__file__).parents[1] / "data" / "models"
LOCK = Path(__file__).with_name("tiny.lock")
SECONDS, BYTES = 10.0, 512 * 2**20
PROGRAM = 100 * 2**20  # what this program has by itself
FLOW = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {
    "B": {"Type": "Pass", "End": True}}}, "Next": "C"}, "C": {"Type": "Choice", "Choices": [{"Next": "A"}],
    "Default": "A"}}}  # fmt: skip
PIPELINE = {"Version": "2020-12-01", "Steps": [{"Name": "A", "Type": "Training", "DependsOn": []}]}
SCRIPT = "import sys\n\n\ndef main(rows):\n    return [f'{row}' for row in rows if row]\n\n\nmain(sys.argv)\n"
TEMPLATE = (
    "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Code: src, Role: !GetAtt R.Arn}\n"
)
JUNK = (
    b"\0",
    b"\xff\xfe",
    b"\x80\x04",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"{" * 500,
    b'"',
    b"\x1f\x8b",
    b"- &a [*a]\n",
)


@dataclass(frozen=True)
class Case:
    """A component whose file is wrong; `data` is written as `name`."""

    kind: str
    name: str
    component: dict[str, Any]
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """How a build of a case ended."""

    case: Case
    code: int
    seconds: float
    peak: int
    said: str

    def fault(self) -> str:
        """What must not be, '' where all is well."""
        if self.code not in (0, 1, 2, 3):
            return f"exit {self.code}"
        if "Traceback" in self.said or "bug in lockgate" in self.said:
            return "a traceback or a bug"
        if self.code and not self.said.strip():
            return "no word of what is wrong"
        return "too slow" if self.seconds > SECONDS else "too large" if self.peak > BYTES else ""


def cases(count: int, seed: int = 1) -> Iterator[Case]:
    """`count` cases, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311
    makers = [_onnx, _skops, _record, _flow, _pipeline, _script, _template, _absurd]
    for number in range(count):
        yield makers[number % len(makers)](draw)


def _model(kind: str, name: str, data: bytes) -> Case:
    return Case(kind, name, {"kind": "model", "path": name, "record": "m.json"}, data)


def _onnx(draw: random.Random) -> Case:
    whole = draw.choice([ONNX, *(path.read_bytes() for path in sorted(DATA.glob("*.onnx")))])
    return _model("onnx", "m.onnx", damaged(draw, whole))


def _skops(draw: random.Random) -> Case:
    array = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    whole = (
        skops(a_npy=array, b_npy=array) if draw.random() < 0.8 else draw.choice(JUNK) * draw.randint(1, 99)
    )
    return _model("skops", "m.skops", damaged(draw, whole))


def _record(draw: random.Random) -> Case:
    component = {"kind": "model", "path": "whole.onnx", "record": "m.json"}
    return Case("record", "m.json", component, damaged(draw, json.dumps(record()).encode()))


def _definition(format: str, name: str, data: bytes) -> Case:
    return Case(format, name, {"kind": "definition", "path": name, "format": format}, data)


def _flow(draw: random.Random) -> Case:
    return _definition("state-machine", "flow.json", altered(draw, FLOW))


def _pipeline(draw: random.Random) -> Case:
    return _definition("sagemaker-pipeline", "pipeline.json", altered(draw, PIPELINE))


def _script(draw: random.Random) -> Case:
    nested = draw.choice("([{-~") * draw.choice([50, 5_000, 500_000])
    data = nested.encode() if draw.random() < 0.3 else damaged(draw, SCRIPT.encode())
    return _definition("glue-script", "job.py", data)


def _template(draw: random.Random) -> Case:
    component = {"kind": "stack", "template": "stack.yml", "package": ["fn"]}
    return Case("template", "stack.yml", component, damaged(draw, TEMPLATE.encode(), least=4))


def _absurd(draw: random.Random) -> Case:
    """What is valid in a way, and far too much."""
    stack, ifs = {"kind": "stack", "template": "stack.yml"}, (b" " * n + b"if 1:\n" for n in range(120))
    many = skops(**{f"a{n}_npy": b"" for n in range(3000)})
    return draw.choice(
        [
            _model("absurd", "m.skops", skops(b" " * 80_000_000)),
            _model("absurd", "m.skops", many + b"\0" * draw.randint(0, 99)),
            _model("absurd", "m.skops", skops(b'{"__loader__": "x", "a":' + b"[" * 100_000)),
            _model("absurd", "m.onnx", b"\x10\x01" * 4_000_000),
            _model("absurd", "m.onnx", b"\x3a\xff\xff\xff\xff\x07" + b"\0" * 1_000_000),
            _model("absurd", "m.onnx", b"\x80" * 50_000_000),
            _definition("state-machine", "flow.json", b'{"a":' * 200_000),
            _definition("glue-script", "job.py", b"1+" * 500_000 + b"1"),
            _definition("glue-script", "job.py", b"".join(ifs)),
            Case("absurd", "stack.yml", stack, b"{a: " * 50_000),
            Case("absurd", "stack.yml", stack, b"x: [" + b"1," * 490_000),
        ]
    )  # fmt: skip


def damaged(draw: random.Random, whole: bytes, least: int = 1) -> bytes:
    """A file with bytes changed, cut out, doubled or put in."""
    data = bytearray(whole)
    for _ in range(draw.randint(least, 12)):
        at = draw.randrange(len(data) + 1)
        how = draw.randrange(5)
        if how == 0 and at < len(data):
            data[at] = draw.randrange(256)
        elif how == 1:
            del data[at : at + draw.randint(1, 1 + len(data) // 8)]
        elif how == 2:
            data[at:at] = draw.choice(JUNK)
        elif how == 3:
            data[at:at] = data[at : at + draw.randint(1, 64)]
        else:
            del data[draw.randint(len(data) // 2, len(data)) :]
    return bytes(data)


def altered(draw: random.Random, whole: Any) -> bytes:
    """JSON of which a value somewhere is another one, and sometimes bytes of the text besides."""
    data = json.loads(json.dumps(whole))
    node, steps = data, draw.randint(1, 6)
    for _ in range(steps):
        key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if not (isinstance(node[key], dict | list) and node[key]) or draw.random() < 0.3:
            node[key] = draw.choice(
                [None, [], {}, 0, -1, "", "A", [1], {"A": []}, [[]], 1e308, "\u202e", True]
            )
            break
        node = node[key]
    text = json.dumps(data).encode()
    return damaged(draw, text) if draw.random() < 0.4 else text


def write(root: Path, case: Case) -> None:
    """A solution with the case's component, and beside it what the component needs to be whole."""
    (root / "src").mkdir()
    (root / "src" / "app.py").write_text("def handler(event, context): return event\n")
    (root / "whole.onnx").write_bytes(ONNX)
    (root / "m.json").write_text(json.dumps(record()))
    shutil.copy(LOCK, root / "requirements.lock")
    (root / case.name).write_bytes(case.data)
    config = {
        "solution": "malformed",
        "components": {
            "it": case.component,
            "fn": {"kind": "lambda-zip", "source": "src", "handler": "app.handler"},
        },
        "stages": {"unit": {"suites": ["stock:lambda"]}},
    }
    (root / "lockgate.yml").write_text(yaml.safe_dump(config))


def build(case: Case, run: Callable[[list[str]], int] = main) -> Outcome:
    """`lockgate build --component it` in a child process, which is ended when its time is up."""
    with tempfile.TemporaryDirectory(prefix="malformed-") as folder:
        root, out = Path(folder, "solution"), Path(folder, "out")
        root.mkdir()
        write(root, case)
        begun, inherited = time.monotonic(), psutil.Process().memory_info().rss
        if (pid := os.fork()) == 0:
            _child(run, root, out)
        _, status, used = os.wait4(pid, 0)
        seconds = time.monotonic() - begun
        said = out.read_text(errors="replace") if out.exists() else ""
        # A forked child's peak counts what its parent had, which in a long test session is a lot.
        peak = used.ru_maxrss * 1024 - max(inherited - PROGRAM, 0)
        return Outcome(case, os.waitstatus_to_exitcode(status), seconds, peak, said)


def _child(run: Callable[[list[str]], int], root: Path, out: Path) -> None:
    try:
        said = out.open("w", buffering=1)
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        sys.stdout = sys.stderr = said  # whatever stood there in the parent, pytest's capture or a pipe
        signal.alarm(int(SECONDS * 3))
        os._exit(run(["build", "--solution", str(root), "--component", "it"]))
    except BaseException as error:
        os.write(2, f"Traceback: {error!r}\n".encode())
    finally:
        os._exit(99)


def report(count: int, seed: int = 1) -> int:
    """Judge so many cases and print what came of them; the number of those that went wrong."""
    codes: Counter[tuple[str, int]] = Counter()
    slowest, largest, wrong = 0.0, 0, 0
    for number, case in enumerate(cases(count, seed)):
        outcome = build(case)
        codes[case.kind, outcome.code] += 1
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.peak)
        if fault := outcome.fault():
            wrong += 1
            print(f"case {number} ({case.kind}): {fault}\n{case.data[:200]!r}\n{outcome.said[-2000:]}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for (kind, code), times in sorted(codes.items()):
        print(f"{kind:20} exit {code}: {times}")
    print(f"{count} cases, {wrong} wrong; slowest {slowest:.1f} s")
    print(f"largest {largest >> 20} MiB (of which {own >> 20} are this program's own)")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if report(int(sys.argv[1]), *map(int, sys.argv[2:3])) else 0)

"""12 planted secrets: in the environment of a real run, and in all that its code says, in every encoding."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from helpers.encodings import ENCODERS, decoded

pytestmark = pytest.mark.integration

LINES = ("MIIEvQIBADANBgkqhkiG9w0BAQ", "EFAASCBKcwggSjAgEAAoIBAQDb")
PLANTED = {
    "DB_PASSWORD": "p@ss'\"w\\ord/<&> %20+",
    "API_KEY": "zq8#Lm4w",
    "UMLAUT_TOKEN": "größer-als-☃-schnee",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEBYaDHh4eHh4eHh4+eHh4eHh4eA==",
    "GITHUB_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    "CLIENT_SECRET": "correct horse battery staple",
    "URL_PASSWORD": "url-borne~S3cret",
    "INNOCENT": "named-by-LOCKGATE-SECRETS",
    "LINE_ONE": LINES[0],
    "LINE_TWO": LINES[1],
}
ENVIRON = {
    **{n: v for n, v in PLANTED.items() if n not in ("URL_PASSWORD", "LINE_ONE", "LINE_TWO")},
    "WAREHOUSE": f"postgresql://reader:{PLANTED['URL_PASSWORD']}@warehouse.test:5432/db",
    "SIGNING_KEY": f"-----BEGIN PRIVATE KEY-----\n{LINES[0]}\n{LINES[1]}\nAASC\n-----END PRIVATE KEY-----\n",
    "LOCKGATE_SECRETS": "INNOCENT",
}
CONFIG = """\
solution: leaky
python: {lock: requirements.lock, path: [src]}
prepare:
  table: {run: python prep.py, inputs: [prep.py], outputs: [build/t.csv]}
components:
  fn: {kind: lambda-zip, source: src/fn, handler: app.handler, events: [event.json]}
  model: {kind: model, path: build/m.onnx, record: build/m.json, train: python train.py,
    inputs: [train.py], needs: [table]}
  stack: {kind: stack, template: stack.yml, parameters: {Bucket: "${bucket}", Key: "${fn.key}"}}
stages:
  unit: {suites: [suites/unit], timeout: 120s}
  integration: {stack: stack, suites: [suites/it], timeout: 120s}
"""
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Bucket: {Type: String}, Key: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
Outputs:
  Fn: {Value: !Ref Fn}
"""
LEAK = """\
import json, os, pathlib, sys, time
PLANTED = json.loads((pathlib.Path(__file__).parents[1] / "planted.json").read_text("utf-8"))
def leak(where):
    for text in PLANTED:
        print(f"{where}: {text} end", flush=True)
        print(f"{where}: <{text}>", file=sys.stderr, flush=True)
def halves(descriptor=2):
    for text in PLANTED:
        data = text.encode()
        for part in (b"halves " + data[:len(data) // 2], data[len(data) // 2:] + b"\\n"):
            os.write(descriptor, part)
            time.sleep(0.002)
    for byte in PLANTED[0].encode():
        os.write(descriptor, bytes([byte]))
"""
UNIT = """\
import json, logging, os, sys, warnings
import pytest
from leak import PLANTED, halves, leak

def test_prints(capfd):
    leak("captured")
    with capfd.disabled():
        leak("not captured")
        halves()
        halves(1)
    logging.error("logged %s", PLANTED)
    warnings.warn("warned " + PLANTED[0])
    assert not PLANTED, "message " + " ".join(PLANTED)

@pytest.mark.parametrize("text", PLANTED)
def test_named(text, record_property):
    record_property("measured", text)
    record_property("limit", "under " + text)

@pytest.mark.parametrize("n", range(0, len(PLANTED), 5))
def test_raises(n):
    raise RuntimeError("x" * (n % 40) + PLANTED[n] * 8)

@pytest.fixture
def broken():
    raise ValueError(PLANTED)

def test_broken(broken):
    pass

def test_leaves_files():
    out = os.path.dirname(os.environ["LOCKGATE_CONTEXT"])
    with open(os.path.join(out, "left.json"), "w") as stream:
        json.dump({text: [text] for text in PLANTED}, stream)
    with open(os.path.join(out, "left.bin"), "wb") as stream:
        stream.write(b"\\0\\xff" + "\\n".join(PLANTED).encode())
"""
IT = """\
import json, os, urllib.request
from leak import PLANTED, leak

def test_handler():
    leak("integration")
    name = json.loads(os.environ["LOCKGATE_STACK_OUTPUTS"])["Fn"]
    url = f"{os.environ['AWS_ENDPOINT_URL']}/2015-03-31/functions/{name}/invocations"
    told = urllib.request.urlopen(urllib.request.Request(url, json.dumps(PLANTED).encode()))
    assert "X-Amz-Function-Error" not in told.headers, told.read().decode()
"""
HANDLER = """\
import sys
def handler(event, context):
    for text in event:
        print("handler", text, flush=True)
        print("handler", text, file=sys.stderr, flush=True)
    raise RuntimeError(" ".join(event))
"""
TRAIN = """\
import json, pathlib, sys
sys.path.insert(0, "src")
from leak import PLANTED, leak
leak("train")
pathlib.Path("build/m.onnx").write_bytes(bytes.fromhex("08083a004202100f"))
record = dict.fromkeys(["model_sha256", "data_sha256", "code_sha256", "parameters", "seeds", "versions"], "x")
pathlib.Path("build/m.json").write_text(json.dumps({**record, "note": PLANTED}))
"""
PREP = """\
import pathlib, sys
sys.path.insert(0, "src")
from leak import leak, halves
leak("prepare"); halves()
pathlib.Path("build").mkdir(exist_ok=True)
pathlib.Path("build/t.csv").write_text("a")
"""


def solution(root: Path, unit: str = UNIT) -> Path:
    """The leaky solution. What it says is every secret in every encoding."""
    said = [encode(secret) for encode in ENCODERS.values() for secret in PLANTED.values()]
    files = {
        "lockgate.yml": CONFIG, "stack.yml": TEMPLATE, "src/leak.py": LEAK, "src/fn/app.py": HANDLER,
        "suites/unit/test_it.py": unit, "suites/it/test_it.py": IT, "train.py": TRAIN, "prep.py": PREP,
        "event.json": "{}", "planted.json": json.dumps([*said, ENVIRON["SIGNING_KEY"]]),
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copy(Path(__file__).parents[1] / "helpers" / "tiny.lock", root / "requirements.lock")
    return root


def start(root: Path, *options: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(root), *options]
    return subprocess.Popen(
        argv, env={**os.environ, **ENVIRON}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def texts(folder: Path, out: bytes, err: bytes) -> dict[str, bytes]:
    """All that a run left and said, but the artifacts' bytes: those are what is deployed, the solution's
    own, and a run changes nothing about them."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and "artifacts" not in p.parts]
    names = "\n".join(str(p.relative_to(folder)) for p in files).encode()
    left = {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}
    return {**left, "the files' names": names, "stdout": out, "stderr": err}


def found(name: str, data: bytes) -> list[str]:
    """Where a secret stands, in whatever form."""
    hits = [
        f"{name}: {variable} as {how}"
        for variable, secret in PLANTED.items()
        for how, encode in ENCODERS.items()
        if _core(how, encode(secret)) in data
    ]
    for text in decoded(data):
        hits += [f"{name}: {variable}, decoded" for variable, secret in PLANTED.items() if secret in text]
        hits += [f"{name}: {v} in part" for v, s in PLANTED.items() if len(s) > 20 and s[:14] in text]
    return hits


def _core(how: str, encoded: str) -> bytes:
    """Of base64 what the secret alone determines (padding and neighbours change the rest)."""
    return (encoded[4:-4] if "base64" in how and len(encoded) > 18 else encoded).encode()


def test_planted_secrets_are_in_nothing_that_a_run_leaves_or_says(tmp_path: Path) -> None:
    root = solution(tmp_path)
    running = start(root, "--json")
    out, err = running.communicate(timeout=300)
    assert running.returncode == 3, err.decode()
    told = json.loads(out)
    left = texts(root / ".lockgate", out, err)
    names = {name.rpartition("/")[2] for name in left}
    assert {
        "manifest.json",
        "report.html",
        "result.json",
        "variables.env",
        "unit.xml",
        "integration.xml",
    } <= names
    assert {"stage.log", "sandbox.log", "build-model.log", "prepare-table.log", "left.json"} <= names
    assert [hit for name, data in left.items() for hit in found(name, data)] == []
    shown = {name.rpartition("/")[2] for name, data in left.items() if b"[redacted DB_PASSWORD]" in data}
    expected = {"manifest.json", "report.html", "result.json", "unit.xml", "integration.xml", "stage.log"}
    assert expected | {"sandbox.log", "build-model.log", "prepare-table.log", "left.json"} <= shown
    assert {"stdout", "stderr"} <= shown
    assert told["manifest"]["verdict"]["status"] == "ERROR"


def test_the_cause_of_a_command_that_failed_names_none(tmp_path: Path) -> None:
    """Of a command the last line becomes the cause, without any stage between."""
    root = solution(tmp_path)
    (root / "train.py").write_text(TRAIN + 'sys.exit(" ".join(PLANTED[:-1]))\n', encoding="utf-8")
    running = start(root, "--stage", "unit")
    out, err = running.communicate(timeout=300)
    assert running.returncode == 1, err.decode()
    left = texts(root / ".lockgate", out, err)
    assert [hit for name, data in left.items() for hit in found(name, data)] == []
    assert any(b"[redacted DB_PASSWORD]" in data for name, data in left.items() if "manifest.json" in name)
    assert b"[redacted DB_PASSWORD]" in out


HANGS = """\
import time
from leak import halves, leak

def test_hangs(capfd):
    with capfd.disabled():
        leak("before the kill")
        halves()
        print("NOW", flush=True)
        time.sleep(120)
"""


def test_a_killed_run_leaves_none_either(tmp_path: Path) -> None:
    root = solution(tmp_path, HANGS)
    running = start(root, "--stage", "unit")
    family = _when_it_said(root, b"NOW", running)
    running.send_signal(signal.SIGKILL)
    out, err = running.communicate(timeout=60)
    psutil.wait_procs(family, timeout=60)
    left = texts(root / ".lockgate", out, err)
    assert any(b"[redacted DB_PASSWORD]" in data for name, data in left.items() if name.endswith("stage.log"))
    assert [hit for name, data in left.items() for hit in found(name, data)] == []
    assert not any(name.endswith("manifest.json") for name in left)


def _when_it_said(root: Path, mark: bytes, running: subprocess.Popen[bytes]) -> list[psutil.Process]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        if any(mark in log.read_bytes() for log in root.glob(".lockgate/runs/*/stages/unit/stage.log")):
            return psutil.Process(running.pid).children(recursive=True)
        time.sleep(0.1)
    pytest.fail("the test never came to where it is killed")


def test_an_error_of_the_command_line_names_no_password(tmp_path: Path) -> None:
    (tmp_path / "lockgate.yml").write_text(f"solution: {PLANTED['GITHUB_TOKEN']} ![", encoding="utf-8")
    for options in ((), ("--json",), ("--stage", ENVIRON["WAREHOUSE"])):
        running = start(tmp_path, *options)
        out, err = running.communicate(timeout=60)
        assert running.returncode == 2
        assert found("stdout", out) + found("stderr", err) == []

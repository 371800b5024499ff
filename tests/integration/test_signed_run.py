"""A real run, signed by another process that has none of the solution's files, verified by a third."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml
from helpers import tampering as attack
from helpers.signed_runs import Left
from helpers.whole_runs import Ran, run, tiny

from runner.adapters.aws import Aws, sandbox_target
from runner.adapters.shell import clean_env
from runner.cli import main
from runner.manifest.schema import schema
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

TESTS = "def test_one():\n    assert True\n\ndef test_two():\n    assert 1 + 1 == 2\n"
MORE = """\
  data: {tables: {rows: {source: rows.csv, suite: rows.json}}}
components:
  predict: {kind: lambda-zip, source: src/predict, handler: app.handler}
"""
SUITE = {
    "name": "rows",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}}],
}


def solution(root: Path) -> Path:
    tiny(root, TESTS)
    (root / "src/predict").mkdir()
    (root / "src/predict/app.py").write_text("def handler(event, context): return event\n")
    (root / "rows.csv").write_text("x\n1\n2\n")
    (root / "rows.json").write_text(json.dumps(SUITE))
    with (root / "lockgate.yml").open("a") as config:
        config.write(MORE)
    (root / ".gitignore").write_text(".lockgate/\n")
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q", "-b", "dev"], ["add", "."], ["commit", "-q", "-m", "all of it"]):
        subprocess.run([*git, *words], check=True)
    return root


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signed")


@pytest.fixture(scope="module")
def ran(place: Path) -> Path:
    """The folder of a run that passed, moved away from its solution, which is deleted."""
    root = solution(place / "tiny")
    assert main(["run", "--solution", str(root)]) == 0
    (folder,) = (root / ".lockgate/runs").iterdir()
    shutil.move(folder, place / "run")
    shutil.rmtree(root)
    return place / "run"


def lockgate(place: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, from another folder."""
    given = clean_env({"XDG_CONFIG_HOME": str(place / "config"), **env})
    command = [sys.executable, "-P", "-m", "runner", *argv]
    return subprocess.run(command, cwd=place, env=given, capture_output=True, text=True)


def test_it_is_signed_and_verified_without_the_solution(ran: Path, place: Path) -> None:
    manifest = json.loads((ran / "manifest.json").read_bytes())
    jsonschema.validate(manifest, schema())
    names = {pin["name"] for pin in manifest["statements"]}
    assert {"test-result", "provenance", "data-validation", "sbom-predict"} <= names
    signed = lockgate(place, "sign", str(ran))
    assert signed.returncode == 0, signed.stderr
    rules = {
        "solution": "tiny", "branches": ["dev"], "max_age": "1h", "allow_development_key": True,
        "signers": ["config/lockgate/development.pub.pem"], "statements": ["sbom-predict"],
        "commit": manifest["source"]["commit"], "stages": {"unit": {"min_checks": 2}, "data": {}},
    }  # fmt: skip
    (place / "policy.yml").write_text(yaml.safe_dump(rules))
    verify = ("verify", str(ran), "--policy", "policy.yml", "--artifacts", str(ran / "components"))
    told = lockgate(place, *verify)
    assert told.returncode == 0 and told.stdout.endswith("verified\n"), told.stdout + told.stderr
    assert "artifact predict" in told.stdout


def test_it_cannot_be_tampered_with(ran: Path, place: Path, tmp_path: Path) -> None:
    """By the real command: one bit of each file."""
    assert lockgate(place, "sign", str(ran)).returncode == 0
    genuine = attack.Signed((ran / "manifest.json").read_bytes(), ())
    bundle = (ran / "manifest.intoto.jsonl").read_bytes()
    for manifest, lines in (
        (attack.flipped(genuine.manifest, 1000), bundle),
        (genuine.manifest, attack.flipped(bundle, 5000)),
        (genuine.manifest, bundle),
    ):
        (tmp_path / "manifest.json").write_bytes(manifest)
        (tmp_path / "manifest.intoto.jsonl").write_bytes(lines)
        told = lockgate(place, "verify", str(tmp_path), "--key", "config/lockgate/development.pub.pem")
        assert told.returncode == int((manifest, lines) != (genuine.manifest, bundle))


def test_a_run_that_failed_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    left: Ran = run(tiny(tmp_path / "tiny", "def test_no():\n    assert False\n"), capfd)
    assert (left.code, left.status) == (1, "FAILED")
    assert lockgate(tmp_path, "sign", str(left.folder)).returncode == 1
    done = lockgate(tmp_path, "sign", str(left.folder), "--failed")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_embedded(tmp_path_factory.mktemp("log")) as sandbox:
        yield sandbox.url


def test_a_key_in_kms(ran: Path, place: Path, tmp_path: Path, url: str) -> None:
    """The sandbox's KMS: the wire, and signatures that the standard library of cryptography verifies."""
    run_folder = shutil.copytree(ran, tmp_path / "run", ignore=shutil.ignore_patterns("*.jsonl"))
    made = Aws(sandbox_target(url)).call("kms", "create_key", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    key = f"awskms:{made['KeyMetadata']['Arn']}"
    printed = lockgate(place, "sign", "--key", key, "--public-key", **{URL: url})
    (tmp_path / "kms.pem").write_text(printed.stdout)
    signed = lockgate(place, "sign", str(run_folder), "--key", key, "--json", **{URL: url})
    assert signed.returncode == 0, signed.stderr
    assert json.loads(signed.stdout)["kind"] == "aws-kms"
    stages = {"unit": {}, "data": {}}
    (tmp_path / "policy.yml").write_text(
        yaml.safe_dump({"solution": "tiny", "signers": ["kms.pem"], "stages": stages})
    )
    told = lockgate(place, "verify", str(run_folder), "--policy", str(tmp_path / "policy.yml"))
    assert told.returncode == 0, told.stdout
    left = Left(run_folder, None)  # type: ignore[arg-type]
    first = left.bundle.read_bytes()
    assert lockgate(place, "sign", str(run_folder), "--key", key, **{URL: url}).returncode == 0
    assert left.bundle.read_bytes() == first


def test_a_kms_key_for_something_else(place: Path, ran: Path, url: str) -> None:
    kms = Aws(sandbox_target(url))
    for more in ({"KeySpec": "SYMMETRIC_DEFAULT"}, {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}):
        arn = kms.call("kms", "create_key", **more)["KeyMetadata"]["Arn"]
        told = lockgate(place, "sign", str(ran), "--key", f"awskms:{arn}", **{URL: url})
        assert told.returncode in (2, 3) and "Traceback" not in told.stderr, told.stderr

"""The built wheel, in a clean environment outside the checkout: it builds, judges, signs, verifies,
compares and exports a small solution."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from helpers.small import small

from runner.adapters.shell import clean_env

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


def must(*argv: str | Path, cwd: Path, **env: str) -> str:
    """What a command printed that had to succeed."""
    argv = tuple(map(str, argv))
    done = subprocess.run(argv, cwd=cwd, env=clean_env(env), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and its locked dependencies alone."""
    place = tmp_path_factory.mktemp("wheel")
    must(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place, cwd=ROOT)
    venv.create(place / "env", with_pip=True)
    pip = [place / "env/bin/python", "-m", "pip", "install", "-q", "--no-compile"]
    must(*pip, "--require-hashes", "-r", ROOT / "requirements/run.lock", cwd=place)
    must(*pip, "--no-deps", *place.glob("*.whl"), cwd=place)
    return place / "env" / "bin"


def test_the_wheel_carries_what_it_needs(installed: Path) -> None:
    show = "from runner.resources import stock_suites; import runner; print(runner.__file__, *stock_suites())"
    said = must(installed / "python", "-P", "-c", show, cwd=installed).split()
    assert str(installed.parent) in said[0]
    assert {"lambda", "smoke", "golden"} <= set(said[1:])


def test_the_wheel_prints_the_templates(installed: Path) -> None:
    for name in ("pipeline", "roles", "task"):
        printed = must(installed / "lockgate", "infra", name, cwd=installed)
        assert printed == (ROOT / f"infra/{name}.yml").read_text(encoding="utf-8")
    show = "from runner.resources import resource; print(resource('images', 'Dockerfile').read_text())"
    dockerfile = must(installed / "python", "-P", "-c", show, cwd=installed)
    assert dockerfile.strip() == (ROOT / "images/Dockerfile").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="module")
def ran(installed: Path, place: Path) -> Path:
    """The folder of a run of all four kinds of stages."""
    told = json.loads(
        must(installed / "lockgate", "run", "--json", "--solution", small(place / "small"), cwd=place)
    )
    assert told["manifest"]["verdict"]["status"] == "PASSED"
    kinds = {s["kind"]: s["status"] for s in told["manifest"]["stages"].values()}
    assert kinds == dict.fromkeys(("unit", "data", "model", "integration"), "PASSED")
    return Path(told["report"]).parent


def test_what_the_wheel_builds_is_what_it_judges(installed: Path, place: Path, ran: Path) -> None:
    argv = ("build", "--json", "--solution", small(place / "again"))
    told = json.loads(must(installed / "lockgate", *argv, cwd=place))["components"]
    judged = json.loads((ran / "manifest.json").read_bytes())["components"]
    assert {name: one["sha256"] for name, one in told.items()} == {
        name: one["sha256"] for name, one in judged.items()
    }


def test_the_wheel_signs_and_verifies(installed: Path, place: Path, ran: Path) -> None:
    must(installed / "lockgate", "sign", ran, cwd=place, XDG_CONFIG_HOME=str(place))
    argv = ("verify", ran, "--key", "lockgate/development.pub.pem", "--artifacts", ran / "components")
    assert must(installed / "lockgate", *argv, cwd=place).endswith("verified\n")


def test_the_wheel_tells_two_runs_apart(installed: Path, place: Path, ran: Path) -> None:
    other = small(place / "other", min=0.6)
    argv = ("run", "--json", "--stage", "model", "--solution", other)
    told = json.loads(must(installed / "lockgate", *argv, cwd=place))
    said = must(installed / "lockgate", "diff", ran, Path(told["report"]).parent, cwd=place)
    assert "LOOSENED" in said


def test_the_wheel_exports(installed: Path, place: Path, ran: Path) -> None:
    export = (installed / "lockgate", "export")
    rest = ("--run", ran, "--solution", place / "small", "--bucket", "artifacts")
    assert json.loads(must(*export, "template-configuration", *rest, cwd=place))["Parameters"]
    argv = ("sagemaker-model-package", *rest, "--image", "serve:1", "--dry-run")
    package = json.loads(must(*export, *argv, cwd=place))["create_model_package"]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"

"""The built wheel, in a clean environment outside the checkout, judges flights."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from runner.adapters.shell import clean_env

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")


def must(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(a) for a in argv], cwd=cwd, env=clean_env(), capture_output=True, text=True)
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


def test_flights_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    flights = tmp_path / "flights"
    shutil.copytree(ROOT / "examples/flights", flights, ignore=IGNORED)
    told = json.loads(must(installed / "lockgate", "run", "--json", "--solution", flights, cwd=tmp_path))
    assert told["manifest"]["verdict"]["status"] == "PASSED"
    assert {s["status"] for s in told["manifest"]["stages"].values()} == {"PASSED"}
    assert Path(told["report"]).is_file()

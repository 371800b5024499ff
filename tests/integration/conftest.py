"""The flights example, judged once for all that only looks at how that went."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers.whole_runs import Ran

from runner.cli import main

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare copy of flights. Nobody changes it but `passed`: copy it."""
    root = tmp_path_factory.mktemp("judged") / "flights"
    shutil.copytree(FLIGHTS, root, ignore=IGNORED)
    return root


@pytest.fixture(scope="session")
def passed(judged: Path) -> Ran:
    """What judging it gave. Not through `capfd`, which lives only as long as one test."""
    code = main(["run", "--solution", str(judged)])
    folder = next((judged / ".lockgate" / "runs").glob("*/manifest.json")).parent
    return Ran(code, "", "", json.loads((folder / "manifest.json").read_bytes()), folder)

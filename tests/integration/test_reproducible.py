"""Flights built twice, by a run and anew: in another folder, at another time of the files, in another zone,
under another umask, by a process that shares nothing but the solution's environment. The digests are the
same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.whole_runs import Ran

from runner.adapters.cache import cache_dir

pytestmark = pytest.mark.integration
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")
ZONE, WHEN, UMASK = "Asia/Tokyo", 946_684_800, 0o077


def build(root: Path, cache: Path) -> dict[str, Any]:
    """What `lockgate build --json` says of a copy of flights, from a cache without its packages."""
    shutil.copytree(FLIGHTS, root, ignore=IGNORED)
    for path in root.rglob("*"):
        os.utime(path, (WHEN, WHEN))
    cache.mkdir()
    (cache / "envs").symlink_to(cache_dir() / "envs")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "build", "--solution", str(root), "--json"],
        env={**os.environ, "LOCKGATE_CACHE": str(cache), "TZ": ZONE},
        cwd=root,
        umask=UMASK,
        capture_output=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)["components"]
    return told


def test_two_builds_of_flights_give_the_same_digests(tmp_path: Path, passed: Ran) -> None:
    (cache_dir() / "envs").mkdir(parents=True, exist_ok=True)
    told = build(tmp_path / "some/where/else/flights", tmp_path / "cache")
    ran = passed.manifest["components"]
    assert told.keys() == ran.keys() == {"features", "predict", "model", "train", "stack"}
    for name in told:
        said = [(b[name]["kind"], b[name]["sha256"], b[name]["size"]) for b in (told, ran)]
        assert said[0] == said[1], name
    for name in ("features", "predict"):
        kept = passed.folder / "components" / ran[name]["sha256"]
        assert Path(told[name]["path"]).read_bytes() == kept.read_bytes()

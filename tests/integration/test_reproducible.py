"""Flights built twice: in other folders, at another time of the files, in another zone, under another
umask, by two processes that share nothing but the solution's environment. The digests are the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.adapters.cache import cache_dir

pytestmark = pytest.mark.integration
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")
PLACES = (("a", 0o022, "UTC", 1_700_000_000), ("some/where/else", 0o077, "Asia/Tokyo", 946_684_800))


def build(root: Path, cache: Path, umask: int, zone: str, when: int) -> dict[str, Any]:
    """What `lockgate build --json` says of a copy of flights, from a cache without its packages."""
    shutil.copytree(FLIGHTS, root, ignore=IGNORED)
    for path in root.rglob("*"):
        os.utime(path, (when, when))
    cache.mkdir()
    (cache / "envs").symlink_to(cache_dir() / "envs")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "build", "--solution", str(root), "--json"],
        env={**os.environ, "LOCKGATE_CACHE": str(cache), "TZ": zone},
        cwd=root,
        umask=umask,
        capture_output=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)["components"]
    return told


def test_two_builds_of_flights_give_the_same_digests(tmp_path: Path) -> None:
    (cache_dir() / "envs").mkdir(parents=True, exist_ok=True)
    first, second = (
        build(tmp_path / place / "flights", tmp_path / f"cache-{n}", umask, zone, when)
        for n, (place, umask, zone, when) in enumerate(PLACES)
    )
    assert first.keys() == {"features", "predict", "model", "train", "stack"}
    for name in first:
        said = [(b[name]["kind"], b[name]["sha256"], b[name]["size"]) for b in (first, second)]
        assert said[0] == said[1], name
    for name in ("features", "predict"):
        paths = [Path(b[name]["path"]) for b in (first, second)]
        assert paths[0] != paths[1] and paths[0].read_bytes() == paths[1].read_bytes()

"""Builders that race for versions in one folder: processes, and some of them killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from helpers.histories import artifact, history, sound, version

from runner.history.store import FolderRecords

pytestmark = pytest.mark.integration
FORK = multiprocessing.get_context("fork")
BUILDERS = 50


def build(root: Path, content: str, gate: int, said: Path) -> None:
    os.read(gate, 1)
    said.write_text(version(history(FolderRecords(root)), content))


def race(tmp_path: Path, contents: list[str]) -> list[BaseProcess]:
    """Builders that wait at a gate until all are there; one that is killed there keeps nobody waiting."""
    gate, opener = os.pipe()
    (tmp_path / "said").mkdir()
    builders: list[BaseProcess] = [
        FORK.Process(target=build, args=(tmp_path / "history", c, gate, tmp_path / "said" / str(n)))
        for n, c in enumerate(contents)
    ]
    for builder in builders:
        builder.start()
    os.write(opener, b"." * len(contents))
    return builders


@pytest.mark.parametrize("distinct", [BUILDERS, 1, 7])
def test_fifty_processes_get_a_version_for_each_content(tmp_path: Path, distinct: int) -> None:
    contents = [f"content {n % distinct}" for n in range(BUILDERS)]
    for builder in race(tmp_path, contents):
        builder.join(60)
        assert builder.exitcode == 0
    pairs = sound(history(FolderRecords(tmp_path / "history")))
    said = [(tmp_path / "said" / str(n)).read_text() for n in range(BUILDERS)]
    assert said == [pairs[artifact(c).sha256] for c in contents]
    assert set(said) == {f"2026.11.22-{n + 1}" for n in range(distinct)}


def test_builders_that_are_killed_leave_no_doubt(tmp_path: Path) -> None:
    """SIGKILL at random moments: whoever was told a version keeps it, and the next builder finds all."""
    contents = [f"content {n % 30}" for n in range(BUILDERS)]
    builders = race(tmp_path, contents)
    chance = random.Random(7)  # noqa: S311
    for builder in chance.sample(builders, 25):
        time.sleep(chance.uniform(0, 0.02))
        os.kill(builder.pid or 0, signal.SIGKILL)
    for builder in builders:
        builder.join(60)
    at = history(FolderRecords(tmp_path / "history"))
    for n, content in enumerate(contents):
        told = tmp_path / "said" / str(n)
        if told.exists() and (text := told.read_text()):
            assert version(at, content, "after") == text
    for content in contents:
        version(at, content, "after")
    assert len(sound(at)) == 30

"""Scratch folders: one whose owner lives stays, every other goes, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

from runner.sandbox.scratch import OWNER, PREFIX, YOUNG_SECONDS, sweep_scratch


def folder(parent: Path, name: str, *, owner: bool = True, age: float = 0.0) -> Path:
    made = parent / f"{PREFIX}{name}"
    (made / "deep").mkdir(parents=True)
    if owner:
        (made / OWNER).touch()
    then = made.stat().st_mtime - age
    os.utime(made, (then, then))
    return made


def test_what_nobody_owns_is_removed(tmp_path: Path) -> None:
    left, old = folder(tmp_path, "left"), folder(tmp_path, "old", owner=False, age=YOUNG_SECONDS + 9)
    young, other = folder(tmp_path, "young", owner=False), tmp_path / "other"
    other.mkdir()
    (tmp_path / f"{PREFIX}file").touch()
    sweep_scratch(tmp_path)
    assert not left.exists() and not old.exists()
    assert young.exists() and other.exists() and (tmp_path / f"{PREFIX}file").exists()


def test_what_is_owned_stays_until_its_owner_is_gone(tmp_path: Path) -> None:
    import fcntl

    owned = folder(tmp_path, "owned")
    with (owned / OWNER).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep_scratch(tmp_path)
        assert (owned / "deep").exists()
    sweep_scratch(tmp_path)
    assert not owned.exists()


def test_no_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    linked = folder(tmp_path, "linked", owner=False)
    (linked / OWNER).symlink_to(target / "made")
    sweep_scratch(tmp_path)
    assert target.exists() and not (target / "made").exists() and linked.exists()


def test_an_owners_file_that_is_a_pipe_does_not_stop_the_sweep(tmp_path: Path) -> None:
    hostile = folder(tmp_path, "hostile", owner=False)
    os.mkfifo(hostile / OWNER)
    sweep_scratch(tmp_path)
    assert not hostile.exists()

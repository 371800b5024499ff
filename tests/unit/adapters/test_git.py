from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.adapters.git import Source, source


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A solution's folder in a larger repository."""
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "a").write_text("1")
    git(tmp_path, "init", "-q", "-b", "dev")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path / "solution"


def test_commit_branch_and_cleanness(folder: Path) -> None:
    found = source(folder)
    assert (len(found.commit), found.branch, found.clean) == (40, "dev", True)
    (folder / "new").touch()
    assert source(folder).clean is False


def test_an_edit_and_a_commit_move_the_source(folder: Path) -> None:
    before = source(folder)
    (folder / "a").write_text("2")
    assert "edited" in before.moved_to(source(folder))
    git(folder, "commit", "-qam", "two")
    assert before.commit[:12] in before.moved_to(source(folder))


def test_a_commit_elsewhere_in_the_repository_and_a_new_file_do_not(folder: Path) -> None:
    before = source(folder)
    (folder.parent / "elsewhere").touch()
    (folder / "untracked").touch()
    git(folder.parent, "add", "elsewhere")
    git(folder.parent, "commit", "-qm", "two")
    assert before.moved_to(source(folder)) == ""


def test_no_git_is_no_source(tmp_path: Path) -> None:
    assert source(tmp_path) == Source()

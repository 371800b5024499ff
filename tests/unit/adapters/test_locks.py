from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.adapters.git import glance
from runner.adapters.locks import alone
from runner.errors import InfrastructureError


def git(root: Path, *words: str) -> str:
    told = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e@example.com", *words]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout


def test_one_at_a_time_in_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path):
        with pytest.raises(InfrastructureError, match="another lockgate is at work"), alone(tmp_path):
            pass
        (tmp_path / "other").mkdir()
        with alone(tmp_path / "other"):
            pass
    with alone(tmp_path):
        pass


def test_what_is_left_there_is_no_edit_of_the_solution_and_is_not_committed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").touch()
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "a")
    with alone(tmp_path):
        (tmp_path / ".lockgate" / "left").touch()
    assert glance(tmp_path).clean
    git(tmp_path, "add", "-A")
    assert git(tmp_path, "ls-files") == "a\n"

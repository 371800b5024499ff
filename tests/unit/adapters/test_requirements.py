"""What a lock may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.adapters.requirements import read_lock
from runner.errors import SolutionError

HASH = f"--hash=sha256:{'0' * 64}"


def read(folder: Path, lock: bytes) -> str:
    (folder / "lock").write_bytes(lock)
    return read_lock(folder / "lock")


@pytest.mark.parametrize(
    "line",
    [
        "-r other.txt", "-rother.txt", "  -r other.txt", "--requirement=other.txt", "--req other.txt",
        "-c other.txt", "-cother.txt", "--const other.txt", "-e .", "-e.", "--edit=.", "--no-binary :all:",
        "--no-bin=:all:", "-\\\nr other.txt", "\\\n-r other.txt", "\v-r other.txt",
        "--config-settings x", f"six==1 {HASH} --global-option=x", "# comment \\\n-r other.txt",
    ],
)  # fmt: skip
def test_what_would_reach_beyond_the_lock_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SolutionError, match="is not allowed in a lock"):
        read(tmp_path, f"six==1.17.0 {HASH}\n{line}\n".encode())


def test_a_byte_order_mark_hides_nothing(tmp_path: Path) -> None:
    with pytest.raises(SolutionError, match="-r is not allowed in a lock"):
        read(tmp_path, "\ufeff-r other.txt\n".encode())


@pytest.mark.parametrize("first", ["# -*- coding: utf-7 -*-", "\n# vim: set fileencoding=utf-16 :"])
def test_a_lock_is_read_as_utf_8_by_pip_too(tmp_path: Path, first: str) -> None:
    with pytest.raises(SolutionError, match=r"coding.* is not allowed in a lock"):
        read(tmp_path, f"{first}\n+AC0-r other.txt\n".encode())


def test_where_packages_lie_may_be_said_and_comments_say_anything(tmp_path: Path) -> None:
    lines = ["# -*- coding: utf-8 -*-", "--index-url https://example.com/simple", "-f wheels", "--no-index"]
    lines += ["# pip-compile -r requirements.in", "--only-binary=:all:", "    # via -r requirements.in"]
    text = "\n".join(lines)
    assert read(tmp_path, text.encode()) == text


def test_what_else_is_allowed_is_said_by_who_asks(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("--no-binary :all:\n")
    assert read_lock(tmp_path / "lock", "--no-binary")
    with pytest.raises(SolutionError):
        read_lock(tmp_path / "lock")

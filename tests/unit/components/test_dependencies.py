"""What a lock may say, and what is said of one that pip refuses. pip itself: tests/integration/sandboxes/."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.components.dependencies import _words, dependency_tree
from runner.components.targets import host_target
from runner.errors import SolutionError

HASH = f"--hash=sha256:{'0' * 64}"
SAID = """WARNING: something else
ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a
    six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274
    attrs==26.1.0
"""


def tree(folder: Path, lock: bytes) -> Path:
    (folder / "lock").write_bytes(lock)
    return dependency_tree(
        folder / "lock", host_target(), is_host=True, cache=folder / "cache", log=folder / "log"
    )


@pytest.mark.parametrize(
    "line",
    [
        "-r other.txt", "-rother.txt", "  -r other.txt", "--requirement=other.txt", "--req other.txt",
        "-c other.txt", "-cother.txt", "--const other.txt", "-e .", "-e.", "--edit=.", "--no-binary :all:",
        "--no-bin=:all:", "-\\\nr other.txt", "\\\n-r other.txt", "\v-r other.txt",
        "--config-settings x", f"six==1 {HASH} --global-option=x", "# comment \\\n-r other.txt",
    ],
)  # fmt: skip
def test_what_would_reach_beyond_the_lock_is_refused_before_pip_is_asked(tmp_path: Path, line: str) -> None:
    with pytest.raises(SolutionError, match="is not allowed in a lock"):
        tree(tmp_path, f"six==1.17.0 {HASH}\n{line}\n".encode())
    assert not (tmp_path / "log").exists()


def test_a_byte_order_mark_hides_nothing(tmp_path: Path) -> None:
    with pytest.raises(SolutionError, match="-r is not allowed in a lock"):
        tree(tmp_path, "\ufeff-r other.txt\n".encode())


@pytest.mark.parametrize("first", ["# -*- coding: utf-7 -*-", "\n# vim: set fileencoding=utf-16 :"])
def test_a_lock_is_read_as_utf_8_by_pip_too(tmp_path: Path, first: str) -> None:
    with pytest.raises(SolutionError, match=r"coding.* is not allowed in a lock"):
        tree(tmp_path, f"{first}\n+AC0-r other.txt\n".encode())


def test_where_packages_lie_may_be_said_and_comments_say_anything(tmp_path: Path) -> None:
    lines = ["# -*- coding: utf-8 -*-", "--index-url https://example.com/simple", "-f wheels", "--no-index"]
    lines += ["# pip-compile -r requirements.in", "--only-binary=:all:", "    # via -r requirements.in"]
    assert list(tree(tmp_path, "\n".join(lines).encode()).iterdir()) == []


def test_pips_list_of_what_has_no_hash_is_what_is_said() -> None:
    assert _words(SAID) == "no hash for six==1.17.0, attrs==26.1.0"
    assert _words("x\nERROR: no such thing\nmore") == "no such thing"
    assert _words("killed") == "killed" and _words("") == ""

"""What is done with a lock before and after pip. pip itself: tests/integration/sandboxes/."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.components.dependencies import _words, dependency_tree
from runner.components.targets import host_target
from runner.errors import SolutionError

SAID = """WARNING: something else
ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a
    six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274
    attrs==26.1.0
"""


def test_a_lock_that_reaches_beyond_itself_is_refused_before_pip_is_asked(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("six==1.17.0\n-rother.txt\n")
    log = tmp_path / "log"
    with pytest.raises(SolutionError, match=r"-rother\.txt is not allowed"):
        dependency_tree(tmp_path / "lock", host_target(), is_host=True, cache=tmp_path / "cache", log=log)
    assert not log.exists()


def test_pips_list_of_what_has_no_hash_is_what_is_said() -> None:
    assert _words(SAID) == "no hash for six==1.17.0, attrs==26.1.0"
    assert _words("x\nERROR: no such thing\nmore") == "no such thing"
    assert _words("killed") == "killed" and _words("") == ""

"""An example is what a new user copies: it stands alone, outside of this checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("made", ["build/x", ".lockgate/runs/x", "src/features/__pycache__/app.pyc"])
def test_what_a_run_makes_is_ignored_by_the_examples_own_rules(tmp_path: Path, made: str) -> None:
    shutil.copy(EXAMPLES / "flights" / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", "-q", made], check=False)
    assert asked.returncode == 0

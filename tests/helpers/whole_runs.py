"""A tiny solution whose unit suite is given as text, and a run of it through `main(argv)`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.cli import main

LOCK = Path(__file__).with_name("tiny.lock")
CONFIG = """\
solution: tiny
python: {lock: requirements.lock, path: [src]}
stages:
  unit: {suites: [suites/unit], timeout: 60s%s}
"""


@dataclass(frozen=True)
class Ran:
    """A finished `lockgate run`: exit status, what was printed, the manifest if there is one."""

    code: int
    out: str
    err: str
    manifest: dict[str, Any]
    folder: Path

    @property
    def last(self) -> str:
        return self.out.strip().splitlines()[-1]

    @property
    def status(self) -> str:
        return str(self.manifest["verdict"]["status"])


def tiny(root: Path, tests: str, options: str = "", conftest: str = "") -> Path:
    """Write the solution; `options` are further fields of its unit stage."""
    suite = root / "suites" / "unit"
    suite.mkdir(parents=True)
    (root / "src").mkdir()
    shutil.copy(LOCK, root / "requirements.lock")
    (suite / "test_it.py").write_text(tests, encoding="utf-8")
    if conftest:
        (suite / "conftest.py").write_text(conftest, encoding="utf-8")
    (root / "lockgate.yml").write_text(CONFIG % (options and f", {options}"), encoding="utf-8")
    return root


def run(root: Path, capfd: pytest.CaptureFixture[str], *options: str) -> Ran:
    """Run the solution and read what it left."""
    capfd.readouterr()
    code = main(["run", "--solution", str(root), *options])
    out, err = capfd.readouterr()
    newest = newest_run(root)
    manifest = json.loads((newest / "manifest.json").read_bytes()) if newest else {}
    return Ran(code, out, err, manifest, newest or root)


def newest_run(root: Path) -> Path | None:
    """The folder of the run that wrote its manifest last: names order no two runs of one second."""
    found = (root / ".lockgate" / "runs").glob("*/manifest.json")
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return newest.parent if newest else None

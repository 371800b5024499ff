"""LOCKGATE_RUNS: a run's manifest is kept where others find it by a URI, and its variables name it."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

import pytest
from helpers.whole_runs import run, tiny

from runner.cli import main

pytestmark = pytest.mark.integration

PASSES = "def test_one():\n    pass\n"


def test_the_manifest_is_at_its_uri_with_the_digest_that_was_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    done = run(tiny(tmp_path / "tiny", PASSES), capfd)
    assert done.code == 0, done.out
    left = (done.folder / "variables.env").read_text(encoding="utf-8")
    told = dict(line.split("=", 1) for line in shlex.split(left))
    kept = Path(told["LOCKGATE_MANIFEST_URI"])
    assert kept.is_relative_to(tmp_path / "runs")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == told["LOCKGATE_MANIFEST_SHA256"]
    assert told["LOCKGATE_VERSION"] not in ("", "none")
    pinned = f"{told['LOCKGATE_MANIFEST_URI']}#sha256={told['LOCKGATE_MANIFEST_SHA256']}"
    assert main(["sign", "--run", pinned]) == 0  # it lies there whole
    assert kept.with_name("manifest.intoto.jsonl").is_file()
    assert main(["sign", "--run", f"{kept}#sha256={'0' * 64}"]) == 1


def test_a_place_that_cannot_be_written_is_no_pass(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").write_text("a file where a folder has to be")
    monkeypatch.setenv("LOCKGATE_RUNS", str(tmp_path / "runs"))
    done = run(tiny(tmp_path / "tiny", PASSES), capfd)
    assert done.code == 3, done.out
    assert "Traceback" not in done.out + done.err

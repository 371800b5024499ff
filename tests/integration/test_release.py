"""`lockgate run` and the history: versions in the manifest, a release for what passed whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.whole_runs import run, tiny

from runner.cli import main

pytestmark = pytest.mark.integration
PASSES, FAILS = "def test_it():\n    pass\n", "def test_it():\n    assert False\n"
VERSION = r"\d{4}\.\d\d\.\d\d-"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A solution with a function, which its unit stage tests."""
    root = tiny(tmp_path / "root", PASSES)
    (root / "src/fn").mkdir()
    (root / "src/fn/app.py").write_text("def handler(event, context):\n    return 1\n")
    with (root / "lockgate.yml").open("a") as config:
        config.write("components:\n  fn: {kind: lambda-zip, source: src/fn, handler: app.handler}\n")
    return root


def versions(root: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Version of the function -> its verdict."""
    capfd.readouterr()
    assert main(["versions", "--json", "--solution", str(root)]) == 0
    found = json.loads(capfd.readouterr().out)["components"]["fn"]
    return {v["version"]: (v["verdict"] or {}).get("status", "") for v in found}


def test_what_passed_whole_is_a_release(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = run(root, capfd)
    assert ran.code == 0 and re.fullmatch(f"{VERSION}1", ran.manifest["release"])
    assert re.fullmatch(f"{VERSION}1", ran.manifest["components"]["fn"]["version"])
    assert f"release {ran.manifest['release']}\n" in ran.out
    again = run(root, capfd)
    assert again.manifest["components"] == ran.manifest["components"]
    assert re.fullmatch(f"{VERSION}2", again.manifest["release"])
    assert list(versions(root, capfd).values()) == ["PASSED"]


def test_what_failed_has_a_version_its_verdict_and_no_release(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / "suites/unit/test_it.py").write_text(FAILS)
    ran = run(root, capfd)
    assert ran.code == 1 and ran.manifest["release"] is None
    assert versions(root, capfd) == {ran.manifest["components"]["fn"]["version"]: "FAILED"}


def test_a_part_is_neither_a_release_nor_a_verdict_on_a_version(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (root / "lockgate.yml").open() as config:
        text = config.read()
    (root / "lockgate.yml").write_text(text.replace("components:", "  more: {kind: unit}\ncomponents:"))
    ran = run(root, capfd, "--stage", "unit")
    assert ran.code == 0 and ran.manifest["release"] is None
    assert versions(root, capfd) == {ran.manifest["components"]["fn"]["version"]: ""}


def test_a_history_that_cannot_be_written_is_an_error(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_HISTORY", str(root / "lockgate.yml"))
    ran = run(root, capfd)
    assert (ran.code, ran.status, ran.manifest["release"]) == (3, "ERROR", None)
    assert "the history cannot be used" in ran.last


def test_where_none_may_be_used_a_run_is_judged_and_releases_nothing(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop, and a history in a bucket of an AWS that nobody asked for."""
    monkeypatch.setenv("LOCKGATE_HISTORY", "s3://bucket/history")
    ran = run(root, capfd)
    assert ran.code == 0 and "versions: none, and no release" in ran.out
    component = ran.manifest["components"]["fn"]
    assert ran.manifest["release"] is None
    assert component["version"] == f"0+sha256.{component['sha256'][:12]}"


def test_a_stage_by_itself_writes_no_history(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = str(root / "out")
    assert main(["run", "--solution", str(root), "--stage", "unit", "--out", out]) == 0
    assert not (root / ".lockgate/history").exists()

"""buildspec.yml in the image, executed as CodeBuild would (helpers/codebuild.py): what a build says, and
what is left where a run fails or dies."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from helpers.buildspec import Build
from helpers.codebuild import COMMIT, codebuild
from helpers.containers import ROOT
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker

FLIGHTS = ROOT / "examples" / "flights"
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")
PASSES = "def test_one():\n    assert True\n\n\ndef test_two():\n    assert True\n"
FAILS = "def test_one():\n    assert 6 * 7 == 41\n\n\ndef test_two():\n    assert True\n"
MANY = """
import pytest

@pytest.mark.parametrize("number", range(600))
def test_many(number):
    assert number % 150 != 149, "x" * 20_000

@pytest.mark.parametrize("name", ["n" * 3_000])
def test_long(name):
    assert name == "", name
"""
DIES = (
    "import pathlib, time\n\ndef test_one():\n    pathlib.Path('/tmp/kill-it').touch()\n    time.sleep(60)\n"
)
PREPARE = """
prepare:
  thing: {run: python make.py, inputs: [make.py], outputs: [thing]}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Where the checkout lies: a folder that others may read, which pytest's own are not."""
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def manifest_of(done: Build) -> dict[str, Any]:
    """The uploaded manifest, after what was exported is found to be what it says."""
    data = (done.artifacts / "manifest.json").read_bytes()
    manifest: dict[str, Any] = json.loads(data)
    said = done.exported
    assert said["LOCKGATE_MANIFEST_SHA256"] == hashlib.sha256(data).hexdigest()
    assert said["LOCKGATE_VERDICT"] == manifest["verdict"]["status"]
    assert manifest["verdict"]["reason"].startswith(said["LOCKGATE_REASON"].removesuffix("…"))
    assert all(len(value) <= 500 and "\n" not in value for value in said.values())
    assert said["LOCKGATE_RUN_ID"] == manifest["run_id"]
    assert said["LOCKGATE_SOLUTION_NAME"] == manifest["solution"]
    assert said["LOCKGATE_COMMIT"] == manifest["source"]["commit"] == COMMIT
    assert not [name for name in said if not name.startswith("LOCKGATE_")]
    return manifest


def is_an_error(done: Build) -> None:
    """FAILED, and nothing exported or uploaded could be taken for more than an ERROR."""
    assert (done.status, done.exported["LOCKGATE_VERDICT"]) == ("FAILED", "ERROR"), done.log
    assert done.exported["LOCKGATE_RUN_ID"] == done.exported["LOCKGATE_MANIFEST_SHA256"] == "none"
    left = {name for name in done.files if not name.endswith(".log")}
    assert left == {"variables.env", "junit/lockgate.xml"}
    assert done.reports["lockgate"].failed == ("run",)


@pytest.mark.parametrize("separate", [False, True])
def test_a_run_that_passes(source: Path, tmp_path: Path, separate: bool) -> None:
    done = codebuild(tiny(source, PASSES), tmp_path / "state", separate=separate)
    assert done.status == "SUCCEEDED", done.log
    assert manifest_of(done)["verdict"]["status"] == "PASSED"
    assert done.exported["LOCKGATE_CHECKS_PASSED"] == "2"
    assert (done.reports["lockgate"].cases, done.reports["lockgate"].failed) == (2, ())


def test_a_planted_failure(source: Path, tmp_path: Path) -> None:
    done = codebuild(tiny(source, FAILS), tmp_path / "state")
    assert (done.status, done.phases["build"]) == ("FAILED", "FAILED"), done.log
    assert done.phases["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    assert manifest_of(done)["verdict"]["status"] == "FAILED"
    assert "assert (6 * 7) == 41" in done.exported["LOCKGATE_REASON"]
    failed = done.reports["lockgate"].failed
    assert len(failed) == 1 and "test_one" in failed[0]


def test_a_solution_that_cannot_be_read(source: Path, tmp_path: Path) -> None:
    (tiny(source, PASSES) / "lockgate.yml").write_text("solution: [")
    done = codebuild(source, tmp_path / "state")
    is_an_error(done)
    assert "lockgate.yml" in done.log


def test_no_solution_where_one_is_said_to_be(source: Path, tmp_path: Path) -> None:
    is_an_error(
        codebuild(tiny(source, PASSES), tmp_path / "state", start_build={"LOCKGATE_SOLUTION": "no/such"})
    )


@pytest.mark.parametrize("moment", ["in a test", "in a command"])
def test_a_run_that_is_killed(source: Path, tmp_path: Path, moment: str) -> None:
    """An earlier build's passing run lies in the checkout, and is not taken for this one's."""
    assert codebuild(tiny(source, PASSES), tmp_path / "earlier").status == "SUCCEEDED"
    stale = source / ".lockgate" / "runs" / "20990101T000000Z-abcdef"
    shutil.copytree(source / "lockgate-results", stale)
    if moment == "in a test":
        (source / "suites" / "unit" / "test_it.py").write_text(DIES)
    else:
        with (source / "lockgate.yml").open("a", encoding="utf-8") as config:
            config.write(PREPARE)
        (source / "make.py").write_text(f"{DIES}\ntest_one()\n")
    done = codebuild(source, tmp_path / "state", killed=True)
    assert "Killed" in done.log
    is_an_error(done)
    assert not list(source.rglob("manifest.json"))


def test_more_cases_than_a_report_takes(source: Path, tmp_path: Path) -> None:
    done = codebuild(tiny(source, MANY), tmp_path / "state")
    assert manifest_of(done)["stages"]["unit"]["counts"]["executed"] == 601
    report = done.reports["lockgate"]
    assert (report.cases, report.truncated, report.problems) == (500, False, ())
    assert len(report.failed) == 5
    file = ElementTree.parse(done.artifacts / "junit" / "unit.xml")
    said = {p.get("name"): p.get("value") for p in file.iter("property")}
    assert said["lockgate.truncated"].startswith("500 of 601")

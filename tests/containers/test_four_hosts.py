"""One solution on the host, in compose, by the buildspec and as Fargate tasks: one verdict, the same
digests, whether it passes or fails."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from helpers.codebuild import codebuild
from helpers.compose import Project
from helpers.containers import ROOT, UID, hand_over
from helpers.fargate import HOSTS, Sandbox, served
from helpers.hosts import Run
from helpers.whole_runs import tiny

pytestmark = pytest.mark.docker

FLIGHTS = ROOT / "examples" / "flights"
IGNORED = shutil.ignore_patterns("build", ".lockgate", "__pycache__")
COMMIT = "0123456789" * 4
BROKEN = "def test_one():\n    assert 6 * 7 == 41\n\ndef test_two():\n    pass\n"
# The statuses that go with a verdict: of the process, and of the build.
STATUSES = {"PASSED": (0, "SUCCEEDED"), "FAILED": (1, "FAILED")}


@dataclass(frozen=True)
class Judged:
    """What a host came to: its own status (an exit status, or CodeBuild's), the manifest, and where the
    results are."""

    status: int | str
    manifest: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    project = Project(f"lockgate-tests-four-{os.getpid()}")
    yield project
    project.down()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with served() as found:
        yield found


def on_all(source: Path, folder: Path, project: Project, sandbox: Sandbox) -> dict[str, Judged]:
    """The solution judged four times, each in a copy of its own."""
    copies = {name: folder / name for name in ("host", "compose", "codebuild", "fargate")}
    for copy in copies.values():
        shutil.copytree(source, copy, ignore=IGNORED)
    with (copies["fargate"] / "lockgate.yml").open("a", encoding="utf-8") as config:
        config.write(HOSTS % (sandbox.cluster, "lockgate"))
    here = Run(copies["host"], "local")
    tasks = Run(copies["fargate"], "fargate", {"LOCKGATE_SANDBOX_URL": sandbox.url})
    statuses = {"host": here.end(), "fargate": tasks.end()}
    gate = project.gate(hand_over(copies["compose"]), commit=COMMIT)
    build = codebuild(copies["codebuild"], folder / "state", image="lockgate:sandbox")
    manifests = {"host": here.manifest, "fargate": tasks.manifest, "compose": gate.manifest}
    left = build.artifacts / "manifest.json"
    assert left.is_file(), build.log
    return {
        **{name: Judged(status, manifests[name], copies[name]) for name, status in statuses.items()},
        "compose": Judged(gate.code, gate.manifest, copies["compose"]),
        "codebuild": Judged(build.status, read(left), build.artifacts),
    }


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def told(manifest: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same wherever it was judged."""
    return {
        "verdict": manifest["verdict"]["status"],
        "components": {
            n: (c["sha256"], c["executed"] and c["executed"]["sha256"])
            for n, c in manifest["components"].items()
        },
        "judged": manifest["judged"],
        "counts": {n: (s["status"], s["counts"]) for n, s in manifest["stages"].items()},
        "locks": manifest["locks"],
    }


def assert_same(judged: dict[str, Judged], verdict: str) -> None:
    first = told(judged["host"].manifest)
    assert first["verdict"] == verdict
    for host, each in judged.items():
        assert told(each.manifest) == first, host
        assert each.status == STATUSES[verdict][host == "codebuild"], host


def test_flights_passes_with_the_same_digests(project: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    judged = on_all(FLIGHTS, tmp_path, project, sandbox)
    assert_same(judged, "PASSED")
    assert len(judged["fargate"].manifest["components"]) == 5
    assert set(judged["fargate"].manifest["stages"]) == {"unit", "data", "model", "integration"}
    assert judged["compose"].manifest["source"] == {"commit": COMMIT, "branch": "", "clean": None}
    assert {path.stat().st_uid for path in judged["compose"].folder.rglob("*")} == {UID}
    for component in judged["codebuild"].manifest["components"].values():  # its bytes are uploaded by digest
        kept = judged["codebuild"].folder / "components" / component["sha256"]
        built = component["facts"].get("built", True)
        assert not built or sha256(kept.read_bytes()).hexdigest() == component["sha256"]


def test_a_planted_failure_fails_everywhere(project: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    judged = on_all(tiny(tmp_path / "tiny", BROKEN), tmp_path, project, sandbox)
    assert_same(judged, "FAILED")
    reasons = {each.manifest["verdict"]["reason"] for each in judged.values()}
    assert len(reasons) == 1 and "assert (6 * 7) == 41" in reasons.pop()

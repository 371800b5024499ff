"""A deployment that failed, as it is told: where its manifest lies, and whose calls are looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.config.schema import Environment, Solution
from runner.deploying import Place
from runner.errors import InfrastructureError, LockgateError, RefusedError, UsageError
from runner.failed_release import Teller, evidence_of, telling
from runner.model import Status
from runner.release.lease import Busy
from runner.release.records import Kind
from runner.report.layout import MANIFEST, REPORT

ROLE = "arn:aws:sts::123456789012:assumed-role/deploy/AWSCodeBuild-1"
URI = "s3://bucket/runs/r1"
SHA256 = "a" * 64


class Account(Aws):
    """One that tells who calls it, unless it tells nothing at all."""

    def __init__(self, *, silent: bool = False) -> None:
        self.target, self.silent = sandbox_target("http://127.0.0.1:1"), silent

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if self.silent:
            raise InfrastructureError("no answer")
        assert (service, operation) == ("sts", "get_caller_identity")
        return {"Arn": ROLE}

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        return []


def now() -> datetime:
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


def teller(root: Path, aws: Aws, manifest: str = "") -> Teller:
    stages = {"unit": {"kind": "unit", "suites": ["suites/unit"]}}
    solution = Solution.model_validate({"solution": "flights", "components": {}, "stages": stages})
    place = Place(solution, "prod", Environment(), aws, "bucket", False, "codepipeline/lockgate-flights")
    return Teller(root, place, "deploy", now, now(), manifest)


@pytest.mark.parametrize(("silent", "role"), [(False, ROLE), (True, "")])
def test_the_trail_is_that_of_who_calls_not_of_what_started_the_build(
    tmp_path: Path, silent: bool, role: str
) -> None:
    told = teller(tmp_path, Account(silent=silent)).incident(Status.FAILED, "why")
    assert told.role == role


def test_a_kept_run_is_linked_by_its_uri() -> None:
    manifest = {"manifest": f"{URI}/report/manifest.json"}
    assert evidence_of(URI) == manifest
    report = {"report": f"{URI}/report/{SHA256}/{REPORT}"}
    assert evidence_of(f"{URI}/report/manifest.json#sha256={SHA256}") == manifest | report


def test_a_run_of_this_machine_is_linked_by_its_files(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("{}")
    manifest = {"manifest": str(tmp_path / MANIFEST)}
    assert evidence_of(str(tmp_path / MANIFEST)) == manifest
    (tmp_path / REPORT).write_text("<html>")
    assert evidence_of(str(tmp_path)) == manifest | {"report": str(tmp_path / REPORT)}


@pytest.mark.parametrize("named", ["", "nowhere", "s3://", "x" * 5000, "a\x00b"])
def test_what_leads_nowhere_is_no_link(named: str) -> None:
    assert evidence_of(named) == {}


def test_the_message_has_them(tmp_path: Path) -> None:
    links = teller(tmp_path, Account(), URI).incident(Status.FAILED, "why").links
    assert links["manifest"] == f"{URI}/report/manifest.json"
    assert links["ledger"] == "s3://bucket/deployments/flights/prod"


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (Busy("the environment is being changed"), False),
        (UsageError("no such environment"), False),
        (RefusedError("unsigned"), True),
        (InfrastructureError("Rate exceeded"), True),
    ],
)
def test_what_is_nobodys_failure_is_not_told(
    tmp_path: Path, error: LockgateError, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_NOTIFY_TOPIC", "no topic")
    place = teller(tmp_path, Account()).place
    with pytest.raises(type(error)), telling(tmp_path, place, Kind.DEPLOY, now):
        raise error
    assert (tmp_path / ".lockgate/incidents").is_dir() is is_told

"""A deployment that failed, as it is told: where its manifest lies, and whose calls are looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runner.adapters.aws import Aws, AwsTarget
from runner.config.schema import Environment, Solution
from runner.deploying import Place
from runner.errors import InfrastructureError
from runner.failed_release import Teller, evidence_of
from runner.model import Status
from runner.report.layout import MANIFEST, REPORT

ROLE = "arn:aws:sts::123456789012:assumed-role/deploy/AWSCodeBuild-1"
URI = "s3://bucket/runs/r1"
SHA256 = "a" * 64


class Account(Aws):
    """One that tells who calls it, unless it tells nothing at all."""

    def __init__(self, *, silent: bool = False) -> None:
        self.target, self.silent = AwsTarget("real", "", "eu-west-1", "AWS: made up"), silent

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if self.silent:
            raise InfrastructureError("no answer")
        assert (service, operation) == ("sts", "get_caller_identity")
        return {"Arn": ROLE}

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        return []


def teller(root: Path, aws: Aws, manifest: str = "") -> Teller:
    stages = {"unit": {"kind": "unit", "suites": ["suites/unit"]}}
    solution = Solution.model_validate({"solution": "flights", "components": {}, "stages": stages})
    place = Place(solution, "prod", Environment(), aws, "bucket", False, "codepipeline/lockgate-flights")
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Teller(root, place, "deploy", lambda: now, now, manifest)


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

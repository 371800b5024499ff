"""Who asks before traffic with whose rights: said before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.releases import Shop

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.files import sha256_file
from runner.asking import asked_before
from runner.config.load import load
from runner.errors import InfrastructureError, UsageError
from runner.manifest.read import read_manifest
from runner.release.before_traffic import rows_of
from runner.release.flow import BeforeTraffic
from runner.release.proof import Proven
from runner.stages.stack_deploy import Stacks

ROLE = "arn:aws:iam::123456789012:role/before-traffic"


class Untouched(Aws):
    """An AWS that nobody may call."""

    def __init__(self, kind: Any) -> None:
        self.target = AwsTarget(kind, "", "eu-west-1", "AWS: nobody's")

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        raise AssertionError(f"{service} {operation} was called")


def asked(root: Path, kind: str, *, marked: bool = True) -> BeforeTraffic:
    shop = Shop(root, root / "cache")
    run = shop.release()
    if not marked:
        (shop.root / "suites/integration/test_live.py").write_text("def test_it():\n    assert True\n")
    found = Proven(read_manifest(run / "manifest.json"), run, ())
    stacks = Stacks(Untouched(kind), say=lambda line: None)
    return asked_before(load(shop.root), shop.root, found, "stack", stacks, "bucket", "square-prod")


def test_without_a_role_a_real_aws_is_not_deployed_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        asked(tmp_path, "real")
    assert (error.value.exit_code, error.value.where) == (2, "LOCKGATE_TEST_ROLE")


def test_with_one_the_tests_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKGATE_TEST_ROLE", ROLE)
    assert asked(tmp_path, "real").is_needed


def test_a_sandbox_needs_none(tmp_path: Path) -> None:
    assert asked(tmp_path, "sandbox").is_needed


def test_nor_does_a_solution_that_marks_no_test(tmp_path: Path) -> None:
    assert not asked(tmp_path, "real", marked=False).is_needed


def test_golden_rows_are_those_that_the_manifest_names(tmp_path: Path) -> None:
    rows = tmp_path / "stages/integration/golden.jsonl"
    rows.parent.mkdir(parents=True)
    rows.write_text("{}")
    named = sha256_file(rows)
    assert rows_of(tmp_path, "integration", named) == rows
    assert rows_of(tmp_path, "integration", "") is None
    rows.write_text('{"event": 1}')
    for folder in (tmp_path, tmp_path / "elsewhere"):
        with pytest.raises(InfrastructureError, match="not there, or were changed"):
            rows_of(folder, "integration", named)

"""A template with local paths, as its author writes it: packaged, linted and deployed in a local AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny import CONFIG, TEMPLATE, build_all, stage_job

from runner.errors import SolutionError
from runner.model import Status
from runner.stages.integration import run

pytestmark = pytest.mark.integration
LOCAL = """
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionS3Location: flow.json
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: inner.yml
"""
INNER = 'AWSTemplateFormatVersion: "2010-09-09"\nResources: {Topic: {Type: AWS::SNS::Topic}}\n'
FLOW = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture
def packaged(tiny: Path) -> tuple[Path, dict[str, Any]]:
    """The tiny solution, its functions' archives named by their folders."""
    head, _, rest = TEMPLATE.partition("Resources:")
    rest = rest.replace("{S3Bucket: !Ref Bucket, S3Key: !Ref DoubleKey}", "src/double")
    rest = rest.replace("{S3Bucket: !Ref Bucket, S3Key: !Ref NegateKey}", "src/negate")
    body, _, outputs = rest.partition("Outputs:")
    head = head.partition("Parameters:")[0]
    (tiny / "stack.yml").write_text(f"{head}Resources:{body}{LOCAL}Outputs:{outputs}")
    (tiny / "inner.yml").write_text(INNER)
    (tiny / "flow.json").write_text(json.dumps(FLOW))
    stack = {"kind": "stack", "template": "stack.yml", "package": ["double", "negate", "flow", "inner"]}
    extra = {
        "flow": {"kind": "definition", "path": "flow.json", "format": "state-machine"},
        "inner": {"kind": "stack", "template": "inner.yml"},
    }
    return tiny, {**CONFIG, "components": {**CONFIG["components"], **extra, "stack": stack}}


def test_it_is_deployed_and_serves(packaged: tuple[Path, dict[str, Any]], cache: Path, sandbox: Any) -> None:
    root, config = packaged
    artifacts = build_all(root, cache, config)
    job = stage_job(root, "integration", artifacts, config, sandbox.url)
    report = run(job)
    assert report.status is Status.PASSED, [c.cause for c in report.checks if c.cause]


def test_its_digest_is_the_same_in_every_account_and_moves_with_its_own_text_alone(
    packaged: tuple[Path, dict[str, Any]], cache: Path
) -> None:
    root, config = packaged
    first = build_all(root, cache, config)
    (root / "src/negate/app.py").write_text("def handler(event, context): return {'value': 0}\n")
    second = build_all(root, cache, config)
    assert first["negate"].sha256 != second["negate"].sha256
    assert first["stack"].sha256 == second["stack"].sha256


def test_a_mistake_is_told_by_the_authors_line(packaged: tuple[Path, dict[str, Any]], cache: Path) -> None:
    root, config = packaged
    text = (root / "stack.yml").read_text().replace("Handler: app.handler", "Handlr: app.handler", 1)
    (root / "stack.yml").write_text(text)
    lines = text.splitlines()
    wanted = next(n for n, line in enumerate(lines, 1) if "Handlr" in line)
    with pytest.raises(SolutionError) as error:
        build_all(root, cache, config)
    assert f"line {wanted}: " in error.value.what

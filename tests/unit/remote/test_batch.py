"""What CodeBuild says of a batch's builds, in answers that botocore's model of the service takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from helpers.aws_model import problems
from helpers.remotes import leave
from helpers.spread_runs import SpreadRun

from runner.errors import InfrastructureError, UsageError
from runner.model import Status
from runner.remote.batch import batch_of, identifier, words

ARN = "arn:aws:codebuild:us-east-1:123456789012:build-batch/lockgate:b1e6661e-e4f2-4156-9ab9-82a19e000000"
BUILD = "lockgate:c0ffee00-e4f2-4156-9ab9-82a19e000000"
MODEL = botocore.session.get_session().get_service_model("codebuild")
STATUSES = MODEL.shape_for("StatusType").enum


@dataclass
class FakeCodeBuild:
    """Answers with one batch; what it is asked and answers is held against the service's model."""

    groups: list[dict[str, Any]]
    batches: int = 1
    batch: str = ARN

    def call(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        name = {"batch_get_builds": "BatchGetBuilds", "batch_get_build_batches": "BatchGetBuildBatches"}[
            operation
        ]
        model = MODEL.operation_model(name)
        answer: dict[str, Any] = {"buildBatches": [{"arn": ARN, "buildGroups": self.groups}] * self.batches}
        if name == "BatchGetBuilds":
            build = {"id": BUILD, "buildBatchArn": self.batch} if self.batch else {"id": BUILD}
            answer = {"builds": [build] * self.batches}
        assert service == "codebuild"
        assert not problems(model.input_shape, request)
        assert not problems(model.output_shape, answer)
        return answer


def group(name: str, status: str, *before: str) -> dict[str, Any]:
    def summary(status: str) -> dict[str, Any]:
        return {"arn": ARN, "requestedOn": datetime(2026, 1, 1, tzinfo=UTC), "buildStatus": status}

    found = {"identifier": name, "currentBuildSummary": summary(status)}
    return {**found, **({"priorBuildSummaryList": [summary(s) for s in before]} if before else {})}


def test_each_part_has_the_status_of_its_own_build() -> None:
    aws: Any = FakeCodeBuild(
        [
            group("stage_unit_SHARD_1_of_2", "SUCCEEDED"),
            group("stage_data", "FAILED"),
            group("prepare", "FAULT"),
        ]
    )
    assert words(aws, ARN, ["unit.1-of-2", "data"]) == {"unit.1-of-2": "SUCCEEDED", "data": "FAILED"}


def test_the_last_attempt_counts() -> None:
    aws: Any = FakeCodeBuild([group("stage_unit", "FAILED", "SUCCEEDED")])
    assert words(aws, ARN, ["unit"]) == {"unit": "FAILED"}


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ("SUCCEEDED", "FAILED")])
def test_what_is_neither_is_an_error(tmp_path: Path, status: str) -> None:
    run = SpreadRun(tmp_path).prepared()
    leave(run.store)
    aws: Any = FakeCodeBuild([group("stage_unit", status)])
    assert run.conclude(dict(words(aws, ARN, ["unit"]))).verdict.status is Status.ERROR
    assert status in run.manifest["verdict"]["reason"]


@pytest.mark.parametrize("groups", [[], [{"identifier": "stage_unit"}], [group("stage_unit2", "SUCCEEDED")]])
def test_a_build_that_is_not_there_is_an_error(tmp_path: Path, groups: list[dict[str, Any]]) -> None:
    run = SpreadRun(tmp_path).prepared()
    leave(run.store)
    aws: Any = FakeCodeBuild(groups)
    assert run.conclude(dict(words(aws, ARN, ["unit"]))).verdict.status is Status.ERROR


def test_a_batch_that_is_not_known_is_an_error() -> None:
    aws: Any = FakeCodeBuild([], batches=0)
    with pytest.raises(InfrastructureError, match="does not know"):
        words(aws, ARN, ["unit"])


def test_a_build_knows_its_batch() -> None:
    aws: Any = FakeCodeBuild([])
    assert batch_of(aws, BUILD) == ARN


@pytest.mark.parametrize("fields", [{"batch": ""}, {"batches": 0}])
def test_a_build_of_no_batch_is_a_usage_error(fields: dict[str, Any]) -> None:
    aws: Any = FakeCodeBuild([], **fields)
    with pytest.raises(UsageError, match="no batch"):
        batch_of(aws, BUILD)


def test_no_two_parts_have_one_identifier() -> None:
    """Stage names have dashes and digits; none has a dot or an underscore."""
    parts = [
        "a",
        "a-1",
        "a.1-of-2",
        "a-1-of-2",
        "a--1-of-2",
        "a-.1-of-2",
        "a-shard-1-of-2",
        "prepare",
        "conclude",
    ]
    found = [identifier(p) for p in parts]
    assert len(set(found)) == len(parts)
    assert not {"prepare", "conclude"} & set(found)

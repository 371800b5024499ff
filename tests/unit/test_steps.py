"""What is done for a stage before it is sent elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from runner.adapters.aws import AwsTarget
from runner.config.schema import Solution
from runner.model import Artifact, Step
from runner.stages.child import Handover
from runner.steps import Steps, made_by_commands
from runner.verdict import Ending

CONFIG = {
    "solution": "tiny",
    "components": {
        "fn": {"kind": "lambda-zip", "source": "src", "handler": "app.handler"},
        "stack": {"kind": "stack", "template": "stack.yml"},
        "model": {
            "kind": "model", "path": "build/m.onnx", "record": "build/m.json", "train": "python t.py",
            "outputs": ["build/test.parquet"],
        },
    },
    "prepare": {"tables": {"run": "python p.py", "outputs": ["build/tables"]}},
    "stages": {"integration": {"kind": "integration", "stack": "stack"}, "unit": {"kind": "unit"}},
    "environments": {"test": {"bucket": "artifacts"}},
}  # fmt: skip
REAL = AwsTarget("real", "", "eu-west-1", "AWS: REAL", ("key", "secret", ""))


class Bucket:
    """An Aws with one bucket: what is in it, and what was put there in this test."""

    def __init__(self, target: AwsTarget, there: tuple[str, ...] = ()) -> None:
        self.target, self.there, self.put = target, there, list[str]()

    def object_size(self, bucket: str, key: str) -> int | None:
        return 4 if key in self.there else None

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.put.append(f"{bucket}/{key}")


def artifact(root: Path, name: str, kind: str, size: int = 4) -> Artifact:
    (root / name).write_bytes(b"x" * size)
    return Artifact(name, kind, str(root / name), hashlib.sha256(b"x" * size).hexdigest(), size, "")


def published(root: Path, stage: str, host: str = "fargate", **more: Any) -> list[str]:
    """What a bucket gets before the stage is started on the host."""
    bucket = Bucket(REAL)
    options = {"is_sandbox": False, "target": REAL, "connect": lambda target: bucket, **more}
    steps = Steps(root, root / "run", "r1", Solution.model_validate(CONFIG), {}, host=host, **options)
    size = 60_000  # larger than CloudFormation takes in a call
    made = {"fn": artifact(root, "fn", "lambda-zip"), "stack": artifact(root, "stack", "stack", size)}
    steps.publish(Step("stage", stage), Handover("r1", "python", made, False))
    return [key.rpartition("/")[0] for key in bucket.put]


def test_a_stage_that_deploys_elsewhere_finds_its_artifacts_and_template_in_the_bucket(
    tmp_path: Path,
) -> None:
    assert published(tmp_path, "integration") == ["artifacts/tiny/fn", "artifacts/tiny/stack"]


@pytest.mark.parametrize(
    ("stage", "more"),
    [
        ("unit", {}),
        ("integration", {"host": "local"}),
        ("integration", {"is_sandbox": True}),
        ("integration", {"run_on": lambda order: Ending(0)}),
    ],
)
def test_nothing_is_put_where_the_stage_does_it_or_needs_none(
    stage: str, more: dict[str, Any], tmp_path: Path
) -> None:
    assert published(tmp_path, stage, **more) == []


def test_what_commands_make_is_sent_though_no_version_control_knows_it() -> None:
    made = made_by_commands(Solution.model_validate(CONFIG))
    assert made == ("build/tables", "build/m.onnx", "build/m.json", "build/test.parquet")

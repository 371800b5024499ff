"""A SageMaker endpoint is asked by the run; the stage judges what it answered."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from helpers.aws_model import problems
from helpers.judging import CRITERIA, FEATURES, MODELS, checks_of, model_job, table

from runner.adapters.aws import Aws, AwsTarget
from runner.config.load import load
from runner.config.schema import ModelStage
from runner.deploying import World
from runner.endpoints import answers_of
from runner.errors import ConfigError
from runner.judge.onnx_model import open_model
from runner.judge.predictions import BINARY
from runner.model import Artifact, Check, Status
from runner.sandbox.choose import URL
from runner.stages import model

OPERATION = boto3.client("sagemaker-runtime", region_name="us-east-1").meta.service_model.operation_model(
    "InvokeEndpoint"
)
Answer = Callable[[bytes], bytes]


class Runtime:
    """An endpoint `late`; every request and answer is held against botocore's model of the service."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.batches = 0

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        assert not problems(OPERATION.input_shape, request)
        if request["EndpointName"] != "late":
            told = {"Error": {"Code": "ValidationError", "Message": "Endpoint not found"}}
            raise ClientError(told, "InvokeEndpoint")  # type: ignore[arg-type]
        assert (request["ContentType"], request["Accept"]) == ("text/csv", "text/csv")
        self.batches += 1
        body = self.answer(request["Body"])
        said = {"Body": body, "ContentType": "text/csv", "InvokedProductionVariant": "AllTraffic"}
        assert not problems(OPERATION.output_shape, said)
        return {**said, "Body": io.BytesIO(body)}


def served(name: str = "binary") -> Answer:
    """What one of the models of tests/data answers to rows of CSV."""
    opened = open_model((MODELS / f"{name}.onnx").read_bytes(), 3, BINARY)

    def answer(body: bytes) -> bytes:
        import numpy as np

        rows = np.loadtxt(io.BytesIO(body), delimiter=",", ndmin=2, dtype=np.float32)
        return "\n".join(repr(float(score)) for score in opened.scores(rows, BINARY)).encode()

    return answer


def solution(root: Path, name: str = "late", **stage: Any) -> Path:
    """A solution whose model stage judges through an endpoint."""
    root.mkdir(parents=True)
    asked = {"source": "evaluation.parquet", "label": "late", "features": list(FEATURES)}
    told = {"name": name, "environment": "prod"}
    config = {
        "solution": "small",
        "components": {"model": {"kind": "model", "path": "model.onnx", "record": "training.json"}},
        "stages": {
            "model": {
                "candidate": "model", "criteria": "criteria.yml",
                "evaluation": asked, "endpoint": told, **stage,
            }
        },
        "environments": {"prod": {"stack_name": "small-prod"}},
    }  # fmt: skip
    (root / "criteria.yml").write_text(json.dumps({k: CRITERIA[k] for k in ("version", "task", "metrics")}))
    (root / "lockgate.yml").write_text(yaml.safe_dump(config))
    table().to_parquet(root / "evaluation.parquet", index=False)
    return root


def answered(root: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """What the run hands to the stage."""
    monkeypatch.setenv(URL, "http://127.0.0.1:9")

    def connect(target: AwsTarget) -> Aws:
        return Aws(target, lambda service: {"sagemaker-runtime": runtime}[service])

    stage = load(root).stages["model"]
    assert isinstance(stage, ModelStage)
    world = World(connect=connect, say=lambda line: None)
    artifact = answers_of(root, stage, root / "given", world, real=False)
    assert artifact is not None
    return artifact


def judged(root: Path, artifact: Artifact | None) -> tuple[dict[str, Check], Any]:
    told = load(root).stages["model"]
    assert isinstance(told, ModelStage)
    job = model_job(root, (root / "criteria.yml").read_text(), endpoint=told.endpoint)
    handed = {artifact.name: artifact} if artifact else {}
    report = model.run(replace(job, artifacts={**job.artifacts, **handed}))
    return checks_of(report), report


def test_what_an_endpoint_answers_is_judged_and_named_by_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, runtime = solution(tmp_path / "small"), Runtime(served())
    artifact = answered(root, runtime, monkeypatch)
    checks, report = judged(root, artifact)
    assert report.status is Status.PASSED and runtime.batches == 1
    assert checks["served"].status is Status.PASSED
    (found,) = (each for each in report.judged if each.name == "endpoint late")
    assert found.sha256 == artifact.sha256 and found.facts["rows"] == 600


def test_an_endpoint_that_serves_another_model_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = solution(tmp_path / "small")
    checks, _ = judged(root, answered(root, Runtime(served("champion")), monkeypatch))
    assert checks["served"].status is Status.FAILED


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda body: b"not a number", "no CSV of numbers"),
        (lambda body: b"0.5", "1 rows for 600"),
        (lambda body: b"\n".join([b"0.5"] * 599 + [b"0.5,0.5"]), "rows of different lengths"),
        (lambda body: b"", "0 rows for 600"),
    ],
)
def test_answers_that_are_none_are_an_error(
    tmp_path: Path, answer: Answer, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = solution(tmp_path / "small")
    checks, report = judged(root, answered(root, Runtime(answer), monkeypatch))
    assert report.status is Status.ERROR
    assert told in checks["opens"].cause and "endpoint late gives no answers" in checks["opens"].cause


def test_an_endpoint_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = solution(tmp_path / "small", name="gone")
    checks, _ = judged(root, answered(root, Runtime(served()), monkeypatch))
    assert checks["opens"].status is Status.ERROR and "Endpoint not found" in checks["opens"].cause
    checks, _ = judged(root, None)
    assert "were not handed" in checks["opens"].cause


def test_answers_of_another_shape_are_of_the_wrong_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = solution(tmp_path / "small")
    three = Runtime(lambda body: b"\n".join([b"0.2,0.3,0.5"] * 600))
    checks, _ = judged(root, answered(root, three, monkeypatch))
    assert checks["opens"].status is Status.FAILED and "3 columns" in checks["opens"].cause


def test_answers_that_were_changed_or_are_to_another_table_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = solution(tmp_path / "small")
    artifact = answered(root, Runtime(served()), monkeypatch)
    table(seed=2).to_parquet(root / "evaluation.parquet", index=False)
    checks, _ = judged(root, artifact)
    assert checks["opens"].status is Status.ERROR and "another evaluation table" in checks["opens"].cause
    table().to_parquet(root / "evaluation.parquet", index=False)
    Path(artifact.path).write_bytes(b"\x93NUMPY")
    checks, _ = judged(root, artifact)
    assert checks["opens"].status is Status.ERROR and "were changed" in checks["opens"].cause


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ({"endpoint": {"name": "late", "environment": "nowhere"}}, "'nowhere' is no environment"),
        ({"endpoint": {"name": "-late", "environment": "prod"}}, "name"),
    ],
)
def test_an_endpoint_of_no_environment_or_name_is_a_problem(
    tmp_path: Path, stage: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        load(solution(tmp_path / "small", **stage))

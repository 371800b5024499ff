"""The champion is the model that an environment runs: deployed for real, then the next run's."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.judging import FEATURES, MODELS, table
from helpers.releases import world
from helpers.whole_runs import Ran, run

from runner.adapters.aws import Aws, sandbox_target
from runner.adapters.signing import development_key
from runner.champions import champion_of
from runner.cli import main
from runner.config.load import load
from runner.config.schema import ModelStage
from runner.deploying import Asked, ledger_of, place_of
from runner.evidence.sign import sign_run
from runner.model import Artifact
from runner.release.records import Ended
from runner.sandbox.choose import URL
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

CRITERIA: dict[str, Any] = {
    "version": 1,
    "task": "binary-classification",
    "metrics": [{"metric": "roc_auc", "min": 0.5}],
    "baseline": {
        "kind": "champion",
        "environment": "prod",
        "first_release": "allow",
        "compare": [{"metric": "roc_auc", "margin": 0.02}],
    },
    "latency": {"max_ratio": 50, "repeats": 20},
}
CONFIG: dict[str, Any] = {
    "solution": "late",
    "history": "history",
    "components": {
        "model": {"kind": "model", "path": "model.onnx", "record": "training.json"},
        "stack": {"kind": "stack", "template": "stack.yml", "parameters": {"ModelUri": "${model.uri}"}},
    },
    "stages": {
        "model": {
            "candidate": "model",
            "criteria": "criteria.yml",
            "evaluation": {"source": "evaluation.parquet", "label": "late", "features": list(FEATURES)},
        }
    },
    "environments": {"prod": {"stack_name": "late-prod"}, "other": {"stack_name": "late-other"}},
}
STACK = """
Parameters: {ModelUri: {Type: String}}
Resources:
  Told:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Ref AWS::StackName, Type: String, Value: !Ref ModelUri}
"""
RECORD = {
    "data_sha256": "d",
    "code_sha256": "c",
    "parameters": {"a": 1},
    "seeds": [1],
    "versions": {"p": "1"},
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with start_embedded(tmp_path_factory.mktemp("log")) as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, started.url)
        patch.setenv("LOCKGATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield Aws(sandbox_target(started.url))


def solution(root: Path, model: str = "champion", environment: str = "prod", **baseline: Any) -> Path:
    """Write the solution with one of the models of tests/data."""
    root.mkdir(exist_ok=True)
    shutil.copy(MODELS / f"{model}.onnx", root / "model.onnx")
    digest = hashlib.sha256((root / "model.onnx").read_bytes()).hexdigest()
    (root / "training.json").write_text(json.dumps({**RECORD, "model_sha256": digest}))
    criteria = {**CRITERIA, "baseline": {**CRITERIA["baseline"], "environment": environment, **baseline}}
    (root / "criteria.yml").write_text(yaml.safe_dump(criteria))
    (root / "stack.yml").write_text(STACK)
    (root / "lockgate.yml").write_text(yaml.safe_dump(CONFIG))
    table().to_parquet(root / "evaluation.parquet", index=False)
    return root


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    result = json.loads((ran.folder / "stages/model/result.json").read_bytes())
    return {check["id"]: check for check in result["checks"]}


def found(root: Path) -> Artifact:
    """What the parent finds, by itself."""
    stage = load(root).stages["model"]
    assert isinstance(stage, ModelStage)
    artifact = champion_of(root, stage, root / "cache", world(), real=False)
    assert artifact is not None
    return artifact


def test_the_first_release_is_said_and_the_second_is_compared_with_the_first(
    aws: Aws, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = solution(tmp_path / "late")
    first = run(root, capfd)
    assert first.code == 0, first.out
    assert first.manifest["verdict"]["reason"].endswith(
        "; allowed: first release: nothing to compare with in prod"
    )
    assert {checks(first)[id]["status"] for id in ("champion/roc_auc", "latency/ratio")} == {"SKIPPED"}
    deployed(root, first)

    second = run(solution(root, "binary"), capfd)
    told, facts = checks(second), second.manifest["stages"]["model"]["facts"]
    assert second.code == 0, second.out
    assert told["champion/roc_auc"]["status"] == told["latency/ratio"]["status"] == "PASSED"
    assert "allowed" not in facts and "allowed" not in second.manifest["verdict"]["reason"]
    champion = first.manifest["components"]["model"]
    assert (
        facts["champion"]["sha256"] == champion["sha256"] != second.manifest["components"]["model"]["sha256"]
    )
    assert (facts["champion"]["release"], facts["champion"]["version"]) == (1, champion["version"])
    assert facts["champion"]["manifest"] and facts["champion"]["name"] == first.manifest["release"]

    again = run(solution(root, "champion", compare=[{"metric": "roc_auc", "margin": 1e-4}]), capfd)
    assert (
        again.code == 0 and "the candidate is the champion" in checks(again)["champion/roc_auc"]["measured"]
    )
    _doubts(aws, root)


def deployed(root: Path, ran: Ran) -> None:
    """Sign what passed, and deploy it."""
    key = development_key(root / "keys")
    (root / "public.pem").write_text(key.public.pem)
    sign_run(ran.folder, key, key.public)
    told = ["--env", "prod", "--solution", str(root), "--key", str(root / "public.pem")]
    assert main(["deploy", str(ran.folder), *told]) == 0


def _doubts(aws: Aws, root: Path) -> None:
    """What runs is not what the ledger says, or its bytes are others: no champion."""
    key = found(root)
    kept = Path(key.path)
    kept.write_bytes(b"changed in the cache")
    assert hashlib.sha256(Path(found(root).path).read_bytes()).hexdigest() == key.sha256
    kept.unlink()
    place = place_of(Asked(root, "prod"), world())
    good = ledger_of(place, aws).good()
    assert good is not None
    part = good.content.parts["model"]
    aws.call("s3", "put_object", Bucket=place.bucket, Key=part.key, Body=b"another model")
    absent = found(root).facts
    assert absent["built"] is False and absent["first"] is False and "not what its name says" in absent["why"]
    aws.call(
        "cloudformation", "update_stack", StackName="late-prod", UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "ModelUri", "ParameterValue": "s3://by/hand"}],
    )  # fmt: skip
    assert "differs from its release" in found(root).facts["why"]


def test_without_leave_a_first_release_is_an_error(
    aws: Aws, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ran = run(solution(tmp_path / "late", environment="other", first_release="refuse"), capfd)
    cause = checks(ran)["champion/roc_auc"]["cause"]
    assert ran.code == 3 and "nothing was released to other" in cause


def test_what_cannot_be_told_is_never_the_first_release(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = solution(tmp_path / "late", environment="other")
    assert found(root).facts["first"] is True
    aws.call("cloudformation", "create_stack", StackName="late-other", TemplateBody=STACK,
             Parameters=[{"ParameterKey": "ModelUri", "ParameterValue": "by hand"}])  # fmt: skip
    assert "no release says what is in it" in found(root).facts["why"]
    told = found(solution(root, environment="nowhere")).facts
    assert told["first"] is False and "there is no environment 'nowhere'" in told["why"]
    solution(root, environment="other")
    monkeypatch.setenv(URL, "http://127.0.0.1:9")
    told = found(root).facts
    assert told["first"] is False and "cannot be told" in told["why"]
    monkeypatch.delenv(URL)
    told = found(root).facts
    assert told["first"] is False and "which AWS" in told["why"]


def test_a_first_release_that_failed_is_still_none_and_one_under_way_is_not_told(
    aws: Aws, tmp_path: Path
) -> None:
    from runner.release.records import Content, Kind, Outcome, Part, Release

    root = solution(tmp_path / "late", environment="other")
    config = {**CONFIG, "solution": "later", "environments": {"other": {"stack_name": "later-other"}}}
    (root / "lockgate.yml").write_text(yaml.safe_dump(config))
    place = place_of(Asked(root, "other"), world())
    aws.ensure_bucket(place.bucket)
    ledger = ledger_of(place, aws)
    content = Content("later-other", "0" * 64, {}, {"stack": Part("stack", "1", "0" * 64, "0" * 64)})
    intent = Release(
        1,
        "a" * 32,
        Kind.DEPLOY,
        "later",
        "other",
        content,
        "1",
        "m",
        "run",
        "c",
        "me",
        "2026-11-23T10:00:00+00:00",
    )
    ledger.intend(intent.id, lambda last: replace(intent, number=(last.number if last else 0) + 1))
    assert "has not ended" in found(root).facts["why"]
    ledger.conclude(Outcome(1, Ended.FAILED, "no", "2026-11-23T10:01:00+00:00", "me", restored=True))
    assert found(root).facts["first"] is True

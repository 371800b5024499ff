from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.manifests import as_manifest, manifest_data
from helpers.sample_runs import sha

from runner.errors import LockgateError, RefusedError, UsageError
from runner.export.template import Stack, configuration, stack_policy

PARAMETERS = {
    "Bucket": "${bucket}",
    "Key": "${predict.key}",
    "Uri": "${model.uri}",
    "Sha": "${ model.sha256 }",
    "Plain": "x",
}


def manifest(parameters: Any = PARAMETERS, **changes: Any) -> dict[str, Any]:
    data = {**manifest_data(), **changes}
    data["components"]["stack"]["facts"]["parameters"] = parameters
    return data


def made(data: dict[str, Any], stack: Stack | None = None) -> dict[str, Any]:
    stack = stack or Stack(bucket="artifacts")
    found: dict[str, Any] = json.loads(configuration(as_manifest(data), stack))
    return found


def test_references_become_what_the_manifest_names_by_digest() -> None:
    assert made(manifest())["Parameters"] == {
        "Bucket": "artifacts",
        "Key": f"flights/predict/{sha('p')}.zip",
        "Uri": f"s3://artifacts/flights/model/{sha('m')}.onnx",
        "Sha": sha("m"),
        "Plain": "x",
    }


def test_tags_say_where_it_comes_from_and_a_policy_is_put_in_where_there_is_one() -> None:
    data = manifest()
    assert made(data)["Tags"] == {
        "lockgate:solution": "flights",
        "lockgate:run": data["run_id"],
        "lockgate:commit": data["source"]["commit"],
        "lockgate:manifest": as_manifest(data).sha256,
    }
    assert "StackPolicy" not in made(data)
    policy = stack_policy(b'{"Statement": []}')
    assert made(data, Stack(bucket="b-b", policy=policy))["StackPolicy"] == {"Statement": []}


def test_an_environments_parameters_come_last() -> None:
    chosen = Stack(bucket="b-b", parameters={"Plain": "${predict.sha256}", "More": "1"})
    assert made(manifest(), chosen)["Parameters"]["Plain"] == sha("p")
    assert made(manifest(), chosen)["Parameters"]["More"] == "1"


@pytest.mark.parametrize(
    ("parameters", "bucket", "said"),
    [
        ({"A": "${predict.file}"}, "b-b", "unknown reference"),
        ({"A": "${nobody.key}"}, "b-b", "unknown reference"),
        ({"A": "${bucket}"}, "", "unknown reference"),
        ({"A": "${train.image}"}, "b-b", "unknown reference"),
        ({"A": 7}, "b-b", "not texts"),
        (["A"], "b-b", "not texts"),
    ],
)
def test_what_cannot_be_resolved_is_no_file(parameters: Any, bucket: str, said: str) -> None:
    with pytest.raises(LockgateError, match=said):
        made(manifest(parameters), Stack(bucket=bucket))


def test_only_what_was_executed_as_it_would_be_deployed() -> None:
    data = manifest()
    data["components"]["predict"]["executed"] = {"target": "python3.11-x86_64", "sha256": "1" * 64, "size": 1}
    with pytest.raises(RefusedError, match="executed of predict was built for python"):
        made(data)
    data["components"]["stack"]["facts"]["parameters"] = {"A": "${model.uri}"}
    assert made(data)["Parameters"]["A"].endswith(".onnx")


def test_nothing_but_a_whole_pass_is_exported() -> None:
    with pytest.raises(RefusedError):
        made(manifest(verdict={"status": "FAILED", "reason": "x"}))


@pytest.mark.parametrize("name", ["../../etc", "a/b", "A", "", "x" * 64])
def test_names_that_would_leave_their_place_are_refused(name: str) -> None:
    data = manifest()
    data["components"][name] = data["components"]["predict"]
    with pytest.raises(RefusedError, match="components"):
        made(data)
    with pytest.raises(RefusedError, match="solution"):
        made(manifest(solution=name))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"Statement": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_stack_policy(text: bytes) -> None:
    with pytest.raises(UsageError):
        stack_policy(text)

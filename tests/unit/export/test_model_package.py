from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.aws_model import problems
from helpers.manifests import as_manifest, manifest_data
from helpers.sagemaker import MODEL
from helpers.sample_runs import HOSTILE, sha
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import RefusedError, UsageError
from runner.export.model_package import Registration, Serving, registration

IMAGE = f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/serve@sha256:{sha('serve')}"
SERVING = Serving("artifacts", image=IMAGE)
SHAPE = MODEL.operation_model("CreateModelPackage").input_shape


def planned(data: dict[str, Any] | None = None, serving: Serving = SERVING) -> Registration:
    return registration(as_manifest(data or manifest_data()), serving)


def changed(**changes: Any) -> dict[str, Any]:
    return {**manifest_data(), **changes}


def quality(found: Registration, kind: str) -> dict[str, Any]:
    source = found.request["ModelMetrics"]["ModelQuality"][kind]
    stored = next(o for o in found.objects if source["S3Uri"].endswith(o.key))
    assert source["ContentDigest"] == f"sha256:{stored.sha256}" and stored.data
    assert stored.sha256 in stored.key and stored.size == len(stored.data)
    told: dict[str, Any] = json.loads(stored.data)
    return told


def test_the_request_is_one_that_sagemaker_takes() -> None:
    assert problems(SHAPE, dict(planned().request)) == ""


def test_it_names_the_model_by_digest_and_what_serves_it() -> None:
    found = planned()
    assert found.group == "flights-model"
    (container,) = found.request["InferenceSpecification"]["Containers"]
    assert container["Image"] == IMAGE and container["ImageDigest"] == f"sha256:{sha('serve')}"
    source = container["ModelDataSource"]["S3DataSource"]
    assert source["S3Uri"] == f"s3://artifacts/flights/model/{sha('m')}.onnx"
    assert (source["S3DataType"], source["CompressionType"]) == ("S3Object", "None")


def test_metrics_and_limits_in_sagemakers_own_form() -> None:
    found = planned()
    assert quality(found, "Statistics")["binary_classification_metrics"] == {
        "accuracy": {"value": 1, "standard_deviation": "NaN"},
        "auc": {"value": 0.6917431068904877, "standard_deviation": "NaN"},
    }
    assert quality(found, "Constraints")["binary_classification_constraints"] == {
        "auc": {"threshold": 0.66, "comparison_operator": "LessThanThreshold"}
    }


def test_what_the_rows_tell_of_a_metrics_error_is_its_standard_deviation() -> None:
    data = manifest_data()
    data["stages"]["model"]["facts"]["standard_errors"] = {"roc_auc": 0.0021, "accuracy": "none"}
    told = quality(registration(as_manifest(data), SERVING), "Statistics")["binary_classification_metrics"]
    assert told["auc"]["standard_deviation"] == 0.0021
    assert told["accuracy"]["standard_deviation"] == "NaN"


def test_metadata_tie_it_to_manifest_model_and_data() -> None:
    manifest = as_manifest(manifest_data())
    told = planned().request["CustomerMetadataProperties"]
    assert told["lockgate:manifest-sha256"] == manifest.sha256
    assert told["lockgate:model-sha256"] == sha("m")
    assert told["lockgate:data:flights"] == sha("flights")
    assert told["lockgate:verdict"] == "PASSED"


@pytest.mark.parametrize(
    ("status", "approval"), [("PASSED", "PendingManualApproval"), ("FAILED", "Rejected")]
)
def test_approval_follows_the_verdict_and_nothing_is_approved_here(status: str, approval: str) -> None:
    request = planned(changed(verdict={"status": status, "reason": "x"})).request
    assert request["ModelApprovalStatus"] == approval


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": {"status": "ERROR", "reason": "killed"}},
        {"verdict": {"status": "SKIPPED", "reason": ""}},
        {"complete": False},
        {"overrides": [{"actor": "x"}]},
    ],
)
def test_what_could_not_be_judged_is_not_registered(changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        planned(changed(**changes))


def test_a_serving_container_of_the_run_is_found_and_none_is_asked_for() -> None:
    data = manifest_data()
    with pytest.raises(UsageError, match="which container"):
        planned(data, Serving("artifacts"))
    serve = {**data["components"]["train"], "kind": "model-image", "facts": {"built": True}}
    address = f"registry:5000/flights/serve@sha256:{serve['sha256']}"
    serve["facts"]["image"] = address
    data["components"]["serve"] = serve
    request = planned(data, Serving("artifacts")).request
    assert request["InferenceSpecification"]["Containers"][0]["Image"] == address


def test_the_token_is_of_the_content() -> None:
    token = planned().request["ClientToken"]
    assert token == planned().request["ClientToken"] and len(token) == 36
    other = changed(run_id="another")
    assert token != planned(other).request["ClientToken"]
    assert token != planned(serving=Serving("artifacts", group="g", image=IMAGE)).request["ClientToken"]


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        (Serving("b-b", "nobody", image=IMAGE), "is no model"),
        (Serving("b-b", group="-x", image=IMAGE), "no name of a model package group"),
        (Serving("b-b", group="x" * 64, image=IMAGE), "no name of a model package group"),
        (Serving("b-b", image="with space"), "is no image"),
        (Serving("b-b", image="x" * 256), "is no image"),
    ],
)
def test_wrong_usage(serving: Serving, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        planned(serving=serving)


def test_without_a_model_stage_there_are_no_metrics_and_none_are_made_up() -> None:
    found = planned(changed(stages={}))
    assert "ModelMetrics" not in found.request and len(found.objects) == 1
    assert problems(SHAPE, dict(found.request)) == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(record=VALUES, metrics=VALUES, limits=VALUES, version=st.text(max_size=300))
def test_any_facts_give_a_request_that_sagemaker_takes(
    record: Any, metrics: Any, limits: Any, version: str
) -> None:
    data = manifest_data()
    data["components"]["model"] |= {"version": version + HOSTILE, "facts": {"record": record}}
    data["stages"]["model"]["facts"] = {"metrics": metrics}
    data["judged"]["criteria"]["criteria.yml"]["limits"] = limits
    data["tools"]["lockgate"] = version
    assert problems(SHAPE, dict(planned(data).request)) == ""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.buckets import Bucket
from helpers.manifests import as_manifest, manifest_data
from helpers.sagemaker import Objects, Registry, aws
from helpers.sample_runs import sha

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, RefusedError
from runner.export.model_package import Registration, Serving, registration
from runner.export.register import register

SERVING = Serving("artifacts", image="serve:1")


def wanted(**changes: object) -> Registration:
    return registration(as_manifest({**manifest_data(), **changes}), SERVING)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The bytes whose digest the sample run's model has, and its size."""
    path = tmp_path / "model"
    path.write_bytes(b"m")
    return path


def sized(plan: Registration) -> Registration:
    """The plan with the model's true size, one byte."""
    first, *others = plan.objects
    return replace(plan, objects=(replace(first, size=1), *others))


def test_group_objects_and_package_are_made_once(model: Path) -> None:
    registry, bucket = Registry(), Objects()
    plan = sized(wanted())
    first = register(aws(registry, bucket), plan, [model])
    assert first.is_new and first.approval == "PendingManualApproval"
    assert sorted(bucket.objects) == sorted(stored.key for stored in plan.objects)
    writes = registry.writes
    second = register(aws(registry, bucket), plan, [model])
    assert (second.arn, second.is_new) == (first.arn, False)
    assert registry.writes == writes == 2 and len(registry.packages) == 1


def test_an_approval_that_somebody_gave_stays(model: Path) -> None:
    registry, bucket = Registry(), Objects()
    register(aws(registry, bucket), sized(wanted()), [model])
    registry.packages[0]["ModelApprovalStatus"] = "Approved"
    assert register(aws(registry, bucket), sized(wanted()), [model]).approval == "Approved"


def test_another_manifest_is_another_package_though_the_model_is_the_same(model: Path) -> None:
    registry, bucket = Registry(), Objects()
    arns = {register(aws(registry, bucket), sized(wanted(run_id=r)), [model]).arn for r in ("a", "b", "a")}
    assert len(arns) == len(registry.packages) == 2


@pytest.mark.parametrize("operation", ["CreateModelPackageGroup", "CreateModelPackage"])
def test_a_lost_answer_makes_no_second_package(operation: str, model: Path) -> None:
    registry, bucket = Registry(lose=operation), Objects()
    with pytest.raises(AwsError):
        register(aws(registry, bucket), sized(wanted()), [model])
    register(aws(registry, bucket), sized(wanted()), [model])
    assert len(registry.packages) == 1


def test_a_description_alone_proves_nothing(model: Path) -> None:
    """Anybody can write one; the digests in the metadata have to be these."""
    registry, bucket = Registry(), Objects()
    register(aws(registry, bucket), sized(wanted()), [model])
    registry.packages[0]["CustomerMetadataProperties"] = {"lockgate:model-sha256": "0" * 64}
    registry.packages[0]["ClientToken"] = "another"
    assert register(aws(registry, bucket), sized(wanted()), [model]).is_new


def test_a_package_that_the_registry_could_not_make_is_no_success(model: Path) -> None:
    registry, bucket = Registry(), Objects()
    register(aws(registry, bucket), sized(wanted()), [model])
    registry.packages[0]["status"] = "Failed"
    with pytest.raises(InfrastructureError, match="could not make"):
        register(aws(registry, bucket), sized(wanted()), [model])


def test_the_model_itself_has_to_be_somewhere(tmp_path: Path) -> None:
    registry = Registry()
    (tmp_path / "other").write_bytes(b"other")
    with pytest.raises(RefusedError, match="neither in the bucket nor kept"):
        register(aws(registry, Objects()), sized(wanted()), [tmp_path / "gone", tmp_path / "other"])
    assert registry.packages == []


@pytest.mark.parametrize("kind", [Objects, Bucket], ids=["S3 knows its checksum", "it has to be read"])
@pytest.mark.parametrize("lies", [b"x", b"longer"])
def test_other_bytes_under_the_models_name_are_refused(kind: type[Bucket], lies: bytes, model: Path) -> None:
    registry, bucket = Registry(), kind()
    bucket.objects[f"flights/model/{sha('m')}.onnx"] = lies
    with pytest.raises(InfrastructureError, match="other bytes"):
        register(aws(registry, bucket), sized(wanted()), [model])
    assert registry.packages == []


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_two_at_once_put_an_object_once(code: str, model: Path) -> None:
    """The other one comes between our look and our write, with the same bytes, which are then taken."""
    plan = sized(wanted())
    theirs = {stored.key: stored.data or b"m" for stored in plan.objects}

    class Racing(Objects):
        def put_object(self, **request: Any) -> dict[str, Any]:
            self.objects[request["Key"]] = theirs[request["Key"]]
            return super().put_object(**request)

    assert register(aws(Registry(), Racing(code)), plan, [model]).is_new


def test_a_write_that_is_refused_for_another_reason_is_an_error(model: Path) -> None:
    class Full(Objects):
        def put_object(self, **request: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    with pytest.raises(AwsError):
        register(aws(Registry(), Full()), sized(wanted()), [model])

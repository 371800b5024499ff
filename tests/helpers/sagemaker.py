"""SageMaker's model registry, as far as it is used: it keeps state, holds every request and answer against
botocore's own model, and refuses as the service does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError, ConnectionClosedError
from helpers.aws_model import problems
from helpers.buckets import Bucket

from runner.adapters.aws import Aws, sandbox_target

MODEL = boto3.client("sagemaker", region_name="us-east-1").meta.service_model
ARN = "arn:aws:sagemaker:us-east-1:000000000000"


class Registry:
    """Groups and their packages. `calls` are the operations in order; `lose` the operation whose first
    answer is lost on its way, after it was carried out."""

    def __init__(self, lose: str = "") -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[str] = []
        self.lose = lose

    @property
    def packages(self) -> list[dict[str, Any]]:
        return [package for group in self.groups.values() for package in group]

    @property
    def writes(self) -> int:
        return sum(call.startswith("Create") for call in self.calls)

    def describe_model_package_group(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeModelPackageGroup", request, self._describe_group)

    def create_model_package_group(self, **request: Any) -> dict[str, Any]:
        return self._answer("CreateModelPackageGroup", request, self._create_group)

    def describe_model_package(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeModelPackage", request, self._describe)

    def create_model_package(self, **request: Any) -> dict[str, Any]:
        return self._answer("CreateModelPackage", request, self._create)

    def get_paginator(self, operation: str) -> Registry:
        assert operation == "list_model_packages"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """One package a page, so that whoever looks at the first page only finds nothing."""
        group = self._group(request)
        for package in group:
            yield self._answer("ListModelPackages", request, lambda _, p=package: _summary(p))
        yield self._answer("ListModelPackages", request, lambda _: {"ModelPackageSummaryList": []})

    def _answer(
        self, operation: str, request: dict[str, Any], act: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        self.calls.append(operation)
        model = MODEL.operation_model(operation)
        wrong = problems(model.input_shape, request)
        assert not wrong, wrong
        answer = act(request)
        wrong = problems(model.output_shape, answer)
        assert not wrong, wrong
        if operation == self.lose:
            self.lose = ""
            raise ConnectionClosedError(endpoint_url="https://sagemaker")
        return answer

    def _group(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        name = request["ModelPackageGroupName"]
        if name not in self.groups:
            raise refused(f"ModelPackageGroup {ARN}:model-package-group/{name} does not exist.")
        return self.groups[name]

    def _describe_group(self, request: dict[str, Any]) -> dict[str, Any]:
        self._group(request)
        name = request["ModelPackageGroupName"]
        return {
            "ModelPackageGroupName": name,
            "ModelPackageGroupArn": f"{ARN}:model-package-group/{name}",
            "CreationTime": datetime.now(UTC),
            "CreatedBy": {},
            "ModelPackageGroupStatus": "Completed",
        }

    def _create_group(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ModelPackageGroupName"]
        if name in self.groups:
            raise refused(f"Model Package Group already exists: {ARN}:model-package-group/{name}")
        self.groups[name] = []
        return {"ModelPackageGroupArn": f"{ARN}:model-package-group/{name}"}

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._group(request)
        same = [p for p in group if p["ClientToken"] == request["ClientToken"]]
        if not same:
            name, version = request["ModelPackageGroupName"], len(group) + 1
            arn = f"{ARN}:model-package/{name}/{version}"
            group.append({**request, "arn": arn, "version": version, "status": "Completed"})
        return {"ModelPackageArn": (same or group)[-1].get("arn")}

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        for package in self.packages:
            if package["arn"] == request["ModelPackageName"]:
                names = ("ModelApprovalStatus", "CustomerMetadataProperties", "InferenceSpecification")
                return {
                    "ModelPackageName": package["ModelPackageGroupName"],
                    "ModelPackageArn": package["arn"],
                    "CreationTime": datetime.now(UTC),
                    "ModelPackageStatus": package["status"],
                    "ModelPackageStatusDetails": {"ValidationStatuses": []},
                    **{name: package[name] for name in names},
                }
        raise refused(f"ModelPackage {request['ModelPackageName']} does not exist.")


def _summary(package: dict[str, Any]) -> dict[str, Any]:
    summary = {
        "ModelPackageGroupName": package["ModelPackageGroupName"],
        "ModelPackageVersion": package["version"],
        "ModelPackageArn": package["arn"],
        "ModelPackageDescription": package["ModelPackageDescription"],
        "CreationTime": datetime.now(UTC),
        "ModelPackageStatus": package["status"],
        "ModelApprovalStatus": package["ModelApprovalStatus"],
    }
    return {"ModelPackageSummaryList": [summary]}


def refused(what: str) -> ClientError:
    """As SageMaker says that something is not there, or is there already."""
    return ClientError({"Error": {"Code": "ValidationException", "Message": what}}, "SageMaker")


class Objects(Bucket):
    """A bucket that knows the checksums it was sent."""

    def head_object(self, **request: Any) -> dict[str, Any]:
        answer = super().head_object(**request)
        digest = hashlib.sha256(self.objects[request["Key"]]).digest()
        return {**answer, "ChecksumSHA256": base64.b64encode(digest).decode()}


def aws(registry: Registry, bucket: Bucket) -> Aws:
    """An AWS of the two."""
    clients: dict[str, Any] = {"sagemaker": registry, "s3": bucket}
    return Aws(sandbox_target("http://127.0.0.1:1"), lambda service: clients[service])

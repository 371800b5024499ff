"""S3's conditional write and read, as far as a store uses them, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from helpers.aws_model import problems

MODEL = boto3.client("s3", region_name="us-east-1").meta.service_model


class Bucket:
    """One bucket. Every request is held against S3's own model; `code` is what a second write is refused
    with."""

    def __init__(self, code: str = "PreconditionFailed") -> None:
        self.objects: dict[str, bytes] = {}
        self.code = code

    def _check(self, operation: str, request: dict[str, Any]) -> None:
        assert not problems(MODEL.operation_model(operation).input_shape, request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        body = request["Body"].read()
        self._check("PutObject", {**request, "Body": body})
        assert request["IfNoneMatch"] == "*", "an object could be written over"
        assert request["ChecksumAlgorithm"] == "SHA256"
        if request["Key"] in self.objects:
            raise ClientError({"Error": {"Code": self.code}}, "PutObject")
        self.objects[request["Key"]] = body
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        self._check("HeadObject", request)
        if request["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"ContentLength": len(self.objects[request["Key"]])}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        Path(path).write_bytes(self.objects[key])

"""Registering a model package: found first, created once.

Every write is of content that its name is the digest of, or carries an idempotency token: the same command
again, after a kill or beside another, gives the same package.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from runner.adapters.aws import Aws, AwsError
from runner.adapters.files import sha256_file
from runner.errors import InfrastructureError, RefusedError
from runner.export.model_package import Registration, Stored

SERVICE = "sagemaker"
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
ABSENT = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True, slots=True)
class Package:
    """A registered package; `approval` is what the registry says now, which people may have changed."""

    arn: str
    approval: str
    is_new: bool


def register(aws: Aws, wanted: Registration, files: Sequence[Path]) -> Package:
    """The package in the registry: the one that is there for this model and manifest, else a new one.

    `files` are where the model's file may lie. Raises AwsError, and RefusedError where it is neither in
    the bucket nor, by its digest, among them."""
    _ensure_group(aws, wanted.group)
    if found := _found(aws, wanted):
        return found
    for stored in wanted.objects:
        _ensure_object(aws, wanted.bucket, stored, files)
    try:
        arn = str(aws.call(SERVICE, "create_model_package", **wanted.request)["ModelPackageArn"])
    except AwsError as error:
        if error.code == "ConflictException" and (found := _found(aws, wanted)):
            return found
        raise
    return Package(arn, str(wanted.request["ModelApprovalStatus"]), True)


def _ensure_group(aws: Aws, group: str) -> None:
    """Create the group; that it is there already is what the service calls a validation error."""
    try:
        aws.call(SERVICE, "describe_model_package_group", ModelPackageGroupName=group)
        return
    except AwsError as error:
        if error.code != "ValidationException" or "does not exist" not in error.what:
            raise
    try:
        aws.call(SERVICE, "create_model_package_group", ModelPackageGroupName=group)
    except AwsError as error:
        if "already exists" not in error.what:
            raise


def _found(aws: Aws, wanted: Registration) -> Package | None:
    """The package of the same model and manifest. Its description finds it, its metadata prove it.

    Raises InfrastructureError where the registry could not make it."""
    listed = aws.pages(
        SERVICE, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=wanted.group
    )
    for summary in listed:
        if summary.get("ModelPackageDescription") != wanted.request["ModelPackageDescription"]:
            continue
        arn = str(summary["ModelPackageArn"])
        told = aws.call(SERVICE, "describe_model_package", ModelPackageName=arn)
        if _is_same(told, wanted):
            if told["ModelPackageStatus"] == "Failed":
                raise InfrastructureError("the registry could not make the package", where=arn)
            return Package(arn, str(told.get("ModelApprovalStatus", "")), False)
    return None


def _is_same(told: dict[str, Any], wanted: Registration) -> bool:
    names = ("lockgate:model-sha256", "lockgate:manifest-sha256")
    has, needs = told.get("CustomerMetadataProperties", {}), wanted.request["CustomerMetadataProperties"]
    return all(has.get(name) == needs[name] for name in names)


def _ensure_object(aws: Aws, bucket: str, stored: Stored, files: Sequence[Path]) -> None:
    """Put an object under its digest's name, unless it is there."""
    if _is_there(aws, bucket, stored):
        return
    with _opened(stored, files) as body:
        try:
            checked = {"ChecksumAlgorithm": "SHA256", "IfNoneMatch": "*"}
            aws.call("s3", "put_object", Bucket=bucket, Key=stored.key, Body=body, **checked)
        except AwsError as error:  # somebody else was first, with the same bytes
            if error.code not in TAKEN or not _is_there(aws, bucket, stored):
                raise


def _is_there(aws: Aws, bucket: str, stored: Stored) -> bool:
    """Raises InfrastructureError where other bytes lie under the name."""
    where = f"s3://{bucket}/{stored.key}"
    try:
        told = aws.call("s3", "head_object", Bucket=bucket, Key=stored.key, ChecksumMode="ENABLED")
    except AwsError as error:
        if error.code in ABSENT:
            return False
        raise
    if told["ContentLength"] != stored.size or _digest(aws, bucket, stored.key, told) != stored.sha256:
        raise InfrastructureError("other bytes lie under the name of their digest", where=where)
    return True


def _digest(aws: Aws, bucket: str, key: str, told: dict[str, Any]) -> str:
    """The sha256 that S3 checked when the object was put; where it knows none (of the whole), it is read."""
    checksum = str(told.get("ChecksumSHA256", ""))
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=", checksum):
        return base64.b64decode(checksum).hex()
    with tempfile.TemporaryDirectory(prefix="lockgate-export-") as folder:
        path = Path(folder, "object")
        aws.download(bucket, key, path)
        return sha256_file(path)


def _opened(stored: Stored, files: Sequence[Path]) -> IO[bytes]:
    if stored.data is not None:
        return io.BytesIO(stored.data)
    for path in files:
        if path.is_file() and sha256_file(path) == stored.sha256:
            return path.open("rb")
    raise RefusedError(
        f"the model sha256:{stored.sha256[:12]} is neither in the bucket nor kept by the run",
        hint="name its file with --model-file",
    )

"""The artifacts in S3, under the job's own credentials."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.adapters.aws import Aws, AwsError, AwsTarget
from runner.components.archive import write_zip
from runner.worker.job import Credentials, Place
from runner.worker.outcome import FailureType, JobError

MAX_SOURCE = 2 * 2**30
KINDS: dict[str, FailureType] = {
    **dict.fromkeys(
        ("403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "KMS.AccessDeniedException"),
        "PermissionError",
    ),
    **dict.fromkeys(("404", "NotFound", "NoSuchKey", "NoSuchBucket", "NoSuchVersion"), "RevisionUnavailable"),
}


def under(target: AwsTarget, credentials: Credentials) -> AwsTarget:
    """The same AWS under the job's credentials."""
    return replace(target, credentials=credentials, description=f"{target.description}, as the job")


def fetch(aws: Aws, place: Place, path: Path, limit: int = MAX_SOURCE) -> None:
    """Download the input artifact. Raises JobError with the type that fits the cause."""
    with _told(f"the input artifact {place}"):
        size = int(aws.call("s3", "head_object", Bucket=place.bucket, Key=place.key)["ContentLength"])
        if size > limit:
            raise JobError("JobFailed", f"the input artifact is {size:,} bytes, over {limit:,}")
        aws.download(place.bucket, place.key, path)


def put(aws: Aws, place: Place, files: Mapping[str, Path], encryption_key: str) -> None:
    """Upload files as the output artifact, a zip; encrypted by the pipeline's key, else by S3's own.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-create-custom-action.html:
    only SSE-KMS is supported; no key in the job's data means the default key."""
    body = io.BytesIO()
    write_zip(body, files)
    body.seek(0)
    key: dict[str, Any] = {"SSEKMSKeyId": encryption_key} if encryption_key else {}
    with _told(f"the output artifact {place}"):
        aws.call(
            "s3", "put_object", Bucket=place.bucket, Key=place.key, Body=body,
            ServerSideEncryption="aws:kms", ChecksumAlgorithm="SHA256", **key,
        )  # fmt: skip


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        kind = KINDS.get(error.code, "SystemUnavailable")
        code = f" ({error.code})" if error.code else ""
        raise JobError(kind, f"{what}: {error.what}{code}") from error

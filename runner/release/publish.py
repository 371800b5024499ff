"""The bytes of a release into the artifact bucket, each named by its digest and checked against it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.adapters.aws import Aws, AwsError
from runner.adapters.files import sha256_file
from runner.errors import RefusedError
from runner.history.store import GONE
from runner.release.content import Stored

TAKEN = ("PreconditionFailed", "412")
Found = Callable[[str], Path | None]


def publish(aws: Aws, bucket: str, wanted: Mapping[str, Stored], found: Found) -> None:
    """Put what is not there yet. `found` gives the file that should have a digest, None for none.

    Raises RefusedError where a file is missing, or is not what its name says."""
    for name, stored in _lacking(aws, bucket, wanted):
        _put(aws, _file(name, bucket, stored, found), bucket, stored)


def require(aws: Aws, bucket: str, wanted: Mapping[str, Stored], found: Found) -> None:
    """Raise what `publish` would raise for a file, and put nothing: asked before anything is changed."""
    for name, stored in _lacking(aws, bucket, wanted):
        _file(name, bucket, stored, found)


def _lacking(aws: Aws, bucket: str, wanted: Mapping[str, Stored]) -> Iterator[tuple[str, Stored]]:
    for name, stored in sorted(wanted.items()):
        if aws.object_size(bucket, stored.key) != stored.size:
            yield name, stored
        else:
            _is_that(aws, bucket, stored.key, stored.sha256)


def require_there(aws: Aws, bucket: str, name: str, key: str, sha256: str) -> None:
    """Raise RefusedError where a component's object is gone, or is not what its key says."""
    try:
        _is_that(aws, bucket, key, sha256)
    except AwsError as error:
        if error.code not in GONE:
            raise
        raise RefusedError(f"the bytes of {name} are gone", where=f"s3://{bucket}/{key}") from None


def _is_that(aws: Aws, bucket: str, key: str, sha256: str) -> None:
    """An object has the digest that its key names: by S3's own sum of it, else by its bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html"""
    told = aws.call("s3", "head_object", Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    wanted = base64.b64encode(bytes.fromhex(sha256)).decode()
    if told.get("ChecksumSHA256") == wanted and told.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
        return
    with TemporaryDirectory(prefix="lockgate-object-") as folder:
        fetch(aws, bucket, key, sha256, Path(folder))


def _file(name: str, bucket: str, stored: Stored, found: Found) -> Path:
    path = found(stored.sha256)
    if path is None:
        raise RefusedError(
            f"the bytes of {name} are neither in the bucket nor beside the manifest",
            where=f"s3://{bucket}/{stored.key}",
            hint="name the folder that has them: --artifacts DIR",
        )
    if sha256_file(path) != stored.sha256:
        raise RefusedError(f"{name} is not what its manifest names", where=str(path))
    return path


def _put(aws: Aws, path: Path, bucket: str, stored: Stored) -> None:
    """Nothing that a stack may point at is ever written over; a lost answer shows as an object that fits."""
    try:
        aws.upload_new(path, bucket, stored.key)
    except AwsError as error:
        if error.code not in TAKEN or aws.object_size(bucket, stored.key) != stored.size:
            raise


def fetch(aws: Aws, bucket: str, key: str, sha256: str, folder: Path) -> Path:
    """An artifact's bytes as a file named by their digest. Raises RefusedError where they are others."""
    path = folder / f"{sha256}{Path(key).suffix}"
    aws.download(bucket, key, path)
    if sha256_file(path) != sha256:
        raise RefusedError("the object is not what its name says", where=f"s3://{bucket}/{key}")
    return path

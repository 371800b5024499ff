"""Where a history lies: small records by key, in a folder or below a prefix of a bucket.

Nothing is ever written over. `put` says False where a record is there already, or where S3 could not
decide between two writers (409): the caller reads again, and goes on from what it finds.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.adapters.aws import Aws, AwsError
from runner.adapters.files import write_new
from runner.errors import InfrastructureError

GONE = ("404", "NoSuchKey", "NotFound")
# 409: S3 could not decide between two writers; whoever reads again finds one of them, or nothing.
TAKEN = ("PreconditionFailed", "412", "ConditionalRequestConflict")


class Records(Protocol):
    """Records by key. `get` gives None where there is none; `keys` come in no order, and may lack
    what is written while they are listed. All raise InfrastructureError."""

    @property
    def url(self) -> str: ...
    def put(self, key: str, data: bytes) -> bool: ...
    def get(self, key: str) -> bytes | None: ...
    def keys(self, prefix: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class FolderRecords:
    """A folder. A record is written beside its place and linked into it, which only one can."""

    root: Path

    @property
    def url(self) -> str:
        return str(self.root)

    def put(self, key: str, data: bytes) -> bool:
        path = self.root / key
        with _told(path):
            written = write_new(path, io.BytesIO(data))
            _sync(path.parent)
        return written

    def get(self, key: str) -> bytes | None:
        with _told(self.root / key):
            try:
                return (self.root / key).read_bytes()
            except FileNotFoundError:
                return None

    def keys(self, prefix: str) -> list[str]:
        with _told(self.root / prefix):
            return [
                Path(folder, name).relative_to(self.root).as_posix()
                for folder, _, names in os.walk(self.root / prefix, onerror=_unless_missing)
                for name in names
                if not name.startswith(".")  # it is being written
            ]


def _unless_missing(error: OSError) -> None:
    """A folder that cannot be listed is not an empty one."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _sync(folder: Path) -> None:
    """A name is on the disk only when its folder is: a number that was told may not be given again."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InfrastructureError(
            f"the history cannot be used: {error.strerror or error}", where=str(path)
        ) from None


@dataclass(frozen=True, slots=True)
class S3Records:
    """A prefix of a bucket; writes are conditional (`If-None-Match: *`)."""

    aws: Aws
    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def put(self, key: str, data: bytes) -> bool:
        checked = {"ChecksumAlgorithm": "SHA256", "IfNoneMatch": "*", "Body": io.BytesIO(data)}
        try:
            self.aws.call("s3", "put_object", Bucket=self.bucket, Key=f"{self.prefix}/{key}", **checked)
        except AwsError as error:
            if error.code in TAKEN:
                return False
            raise
        return True

    def get(self, key: str) -> bytes | None:
        try:
            return self.aws.read(self.bucket, f"{self.prefix}/{key}")
        except AwsError as error:
            if error.code in GONE:
                return None
            raise

    def keys(self, prefix: str) -> list[str]:
        place = f"{self.prefix}/{prefix}/"
        found = self.aws.pages("s3", "list_objects_v2", "Contents", Bucket=self.bucket, Prefix=place)
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in found]

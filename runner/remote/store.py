"""Where a run's files lie while its stages run elsewhere: objects in S3, or files in a folder.

Everything large is a blob, named by the sha256 of its bytes, and checked when it is read. Nothing is
ever written over: whoever comes second, a retry or somebody else, finds what is there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.adapters.aws import Aws, AwsError
from runner.adapters.files import sha256_file, write_new
from runner.errors import InfrastructureError, UsageError

SHA256 = re.compile(r"[0-9a-f]{64}")
S3_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9!_.*'()/-]{1,800})")
GONE = ("404", "NoSuchKey", "NotFound")
TAKEN, RACING = ("PreconditionFailed", "412"), ("ConditionalRequestConflict", "409")
TRIES = 5


class Store(Protocol):
    """Objects by key. `put` returns False where there is one already; `get` raises where there is none.
    `size` is in bytes, None where there is none."""

    @property
    def url(self) -> str: ...
    def put(self, key: str, path: Path) -> bool: ...
    def get(self, key: str, path: Path) -> None: ...
    def has(self, key: str) -> bool: ...
    def size(self, key: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder: for containers on this machine, where it is copied in and out."""

    root: Path

    @property
    def url(self) -> str:
        return str(self.root)

    def put(self, key: str, path: Path) -> bool:
        with path.open("rb") as stream:
            return write_new(self.root / key, stream)

    def get(self, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(self.root / key, path)
        except FileNotFoundError:
            raise InfrastructureError("no such object", where=f"{self.root}/{key}") from None
        except OSError as error:  # a folder in its place, say
            raise InfrastructureError(
                f"cannot be read: {error.strerror}", where=f"{self.root}/{key}"
            ) from None

    def has(self, key: str) -> bool:
        return (self.root / key).is_file()

    def size(self, key: str) -> int | None:
        path = self.root / key
        return path.stat().st_size if path.is_file() else None


@dataclass(frozen=True, slots=True)
class S3Store:
    """A prefix of a bucket. Writes are conditional (`If-None-Match: *`), so the first one stands."""

    aws: Aws
    bucket: str
    prefix: str
    pause: Callable[[float], None] = time.sleep

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def put(self, key: str, path: Path) -> bool:
        """False where there is an object. A 409 is a write at the same time that may yet fail: S3 says to
        try again (Amazon S3 User Guide, "Conditional writes")."""
        attempt = 0
        while True:
            try:
                self.aws.upload_new(path, self.bucket, f"{self.prefix}/{key}")
                return True
            except AwsError as error:
                attempt += 1
                if error.code in TAKEN:
                    return False
                if error.code not in RACING or attempt == TRIES:
                    raise
            self.pause(0.1 * 2**attempt)

    def get(self, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.aws.download(self.bucket, f"{self.prefix}/{key}", path)
        except AwsError as error:
            if error.code in GONE:
                raise InfrastructureError("no such object", where=f"{self.url}/{key}") from None
            raise

    def has(self, key: str) -> bool:
        return self.size(key) is not None

    def size(self, key: str) -> int | None:
        return self.aws.object_size(self.bucket, f"{self.prefix}/{key}")


def parse_s3(url: str) -> tuple[str, str]:
    """Bucket and prefix of an s3:// URL; raises UsageError for anything else."""
    match = S3_URL.fullmatch(url.rstrip("/"))
    if match is None or ".." in url or "//" in match[2]:
        raise UsageError(f"{url!r} is no place for a run", hint="for example s3://bucket/runs/ID")
    return match[1], match[2]


def put_blob(store: Store, path: Path) -> str:
    """Store a file by its digest, unless it is there; the digest."""
    sha256 = sha256_file(path)
    if not store.has(blob_key(sha256)):
        store.put(blob_key(sha256), path)
    return sha256


def get_blob(store: Store, sha256: str, path: Path, kind: str = "blobs") -> Path:
    """Fetch a blob to a file; raises InfrastructureError where its bytes are not those of its name."""
    key = blob_key(sha256, kind)
    store.get(key, path)
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise InfrastructureError(f"its bytes have sha256 {found[:12]}", where=f"{store.url}/{key}")
    return path


def blob_key(sha256: str, kind: str = "blobs") -> str:
    """The key of a blob; raises InfrastructureError for what is no digest (a path, say)."""
    if SHA256.fullmatch(sha256) is None:
        raise InfrastructureError(f"{sha256[:80]!r} is no sha256")
    return f"{kind}/{sha256}"

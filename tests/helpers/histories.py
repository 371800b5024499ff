"""Histories for tests: records in memory, a clock that is set, and every way in which a write can fail."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError
from helpers.buckets import Bucket

from runner.errors import InfrastructureError
from runner.history.history import History, Numbered, Origin
from runner.history.store import Records
from runner.model import Artifact

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Memory:
    """Records in memory; `put` and `get` are atomic, as those of a folder and of S3 are."""

    held: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = "memory"

    def put(self, key: str, data: bytes) -> bool:
        with self.lock:
            return self.held.setdefault(key, data) is data

    def get(self, key: str) -> bytes | None:
        return self.held.get(key)

    def keys(self, prefix: str) -> list[str]:
        with self.lock:
            return [key for key in self.held if key.startswith(f"{prefix}/")]


class Killed(BaseException):
    """The process is gone: nothing of ours catches this."""


@dataclass
class Faulty:
    """Records whose n-th write goes wrong.

    how: 'refused' (nothing is written), 'lost' (written, but the answer never came), 'repeated' (written,
    sent again, and refused), 'undecided' (S3's 409: nobody wrote), 'killed before' and
    'killed after' the write."""

    inner: Records
    nth: int
    how: str
    writes: int = 0

    @property
    def url(self) -> str:
        return self.inner.url

    def get(self, key: str) -> bytes | None:
        return self.inner.get(key)

    def keys(self, prefix: str) -> list[str]:
        return self.inner.keys(prefix)

    def put(self, key: str, data: bytes) -> bool:
        self.writes += 1
        if self.writes != self.nth:
            return self.inner.put(key, data)
        if self.how == "undecided":
            return False
        if self.how in ("lost", "repeated", "killed after"):
            self.inner.put(key, data)
        if self.how == "repeated":
            return False
        raise Killed if self.how.startswith("killed") else InfrastructureError("the disk is full")


HOWS = ("refused", "lost", "repeated", "undecided", "killed before", "killed after")


def artifact(content: str, name: str = "fn") -> Artifact:
    digest = sha256(content.encode()).hexdigest()
    return Artifact(name, "lambda-zip", f"/x/{name}", digest, 1, f"inputs of {content}")


def history(records: Records | None = None, now: datetime = NOON) -> History:
    return History(records if records is not None else Memory(), lambda: now)


def numbered(at: History, content: str, run_id: str = "r1", name: str = "fn", by: str = "ada") -> Numbered:
    return at.number(artifact(content, name), run_id, lambda: Origin(run_id, "c" * 40, True, by))


def version(at: History, content: str, run_id: str = "r1", name: str = "fn") -> str:
    return numbered(at, content, run_id, name).record.version


def sound(at: History, name: str = "fn") -> dict[str, str]:
    """Digest -> version of a component, after checking that each has exactly one of the other and that
    all can be found."""
    versions = at.versions(name)
    pairs = {v.sha256: v.version for v in versions}
    assert len(pairs) == len(set(pairs.values())) == len(versions)
    assert [v.number for v in versions] == list(range(1, len(versions) + 1))
    for v in versions:
        again = at.number(Artifact(name, "k", "", v.sha256, 1, ""), "later", never)
        assert again.record == v and not again.is_new
    return pairs


def never() -> Origin:
    raise AssertionError("content that is known was numbered anew")


class S3(Bucket):
    """One bucket with what a history reads beside: objects whole, and a listing in pages of three."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        self._check("GetObject", request)
        if request["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[request["Key"]])}

    def get_paginator(self, operation: str) -> S3:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self._check("ListObjectsV2", request)
        found = sorted(key for key in self.objects if key.startswith(request["Prefix"]))
        for start in range(0, len(found), 3):
            yield {"Contents": [{"Key": key} for key in found[start : start + 3]]}
        yield {}

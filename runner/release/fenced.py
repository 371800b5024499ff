"""AWS behind the lease: before every call that changes something, the lease is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.adapters.aws import Aws, Invocation
from runner.release.reads import is_read


class Fenced(Aws):
    """The same AWS. What is not on the reviewed list of reads is a change, and asks `guard` first."""

    def __init__(self, aws: Aws, guard: Callable[[], None]) -> None:
        self.target, self._aws, self._guard = aws.target, aws, guard

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        if not is_read(service, operation):
            self._guard()
        return self._aws.call(service, operation, **arguments)

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        return self._aws.pages(service, operation, field, **arguments)

    def read(self, bucket: str, key: str) -> bytes:
        return self._aws.read(bucket, key)

    def read_tagged(self, bucket: str, key: str) -> tuple[bytes, str]:
        return self._aws.read_tagged(bucket, key)

    def download(self, bucket: str, key: str, path: Path) -> None:
        self._aws.download(bucket, key, path)

    def empty_bucket(self, bucket: str) -> None:
        self._guard()
        self._aws.empty_bucket(bucket)

    def invoke(self, function: str, event: Any) -> Invocation:
        self._guard()
        return self._aws.invoke(function, event)

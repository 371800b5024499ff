"""S3 as far as tables need it: objects in memory, which a test may change meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import InfrastructureError
from runner.sources.listing import Item


@dataclass
class Objects:
    """Bucket -> key -> bytes; `fetched` are the keys that were, `before` is called with a key before that."""

    buckets: dict[str, dict[str, bytes]]
    fetched: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda key: None

    def head(self, bucket: str, key: str) -> Item:
        if key not in self.buckets[bucket]:
            raise InfrastructureError("there is no such object", where=f"s3://{bucket}/{key}")
        return self._item(key, self.buckets[bucket][key])

    def listed(self, bucket: str, prefix: str) -> list[Item]:
        found = [(key, data) for key, data in self.buckets[bucket].items() if key.startswith(prefix)]
        return [self._item(key, data) for key, data in reversed(found)]

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        self.before(key)
        self.fetched.append(key)
        if key not in self.buckets[bucket]:
            raise InfrastructureError("there is no such object", where=f"s3://{bucket}/{key}")
        path.write_bytes(self.buckets[bucket][key])

    def _item(self, key: str, data: bytes) -> Item:
        return Item(key, len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())

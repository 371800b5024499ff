"""Files in S3: listed, fetched side by side, and listed again: what changed there meanwhile is an error."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.errors import InfrastructureError, UsageError
from runner.sources.globs import WILD, Wanted, wanted
from runner.sources.listing import Item, chosen

SCHEME = "s3://"
AT_ONCE = 4  # each of them is fetched in parts at a time by boto3 itself
LEFT_FREE = 2**30  # bytes of the disk that fetching leaves alone


class Remote(Protocol):
    """S3, as far as tables need it. Every method raises InfrastructureError."""

    def head(self, bucket: str, key: str) -> Item:
        """One object, by its whole key."""

    def listed(self, bucket: str, prefix: str) -> list[Item]:
        """All objects whose keys begin so, by their whole keys."""

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        """An object into a file."""


@dataclass(frozen=True, slots=True)
class InS3:
    """An object, a prefix or a glob of a bucket."""

    remote: Remote
    where: str
    bucket: str
    wanted: Wanted

    def items(self) -> tuple[Item, ...]:
        if self.wanted.is_one:
            found = self.remote.head(self.bucket, self.wanted.base)
            return (Item(found.name.rpartition("/")[2], found.size, found.tag),)
        base = f"{self.wanted.base}/" if self.wanted.base else ""
        found_all = self.remote.listed(self.bucket, self.wanted.beginning)
        below = (item for item in found_all if item.name.startswith(base) and not item.name.endswith("/"))
        named = (Item(item.name.removeprefix(base), item.size, item.tag) for item in below)
        return chosen(named, self.wanted, self.where)

    def brought(self, items: tuple[Item, ...], scratch: Path) -> tuple[Path, ...]:
        """The objects as files with names of their own: a key may be no file's name."""
        room, size = shutil.disk_usage(scratch).free - LEFT_FREE, sum(item.size for item in items)
        if size > room:
            told = f"its {len(items):,} files have {size:,} bytes, and the disk has room for {max(room, 0):,}"
            raise InfrastructureError(told, where=self.where)
        paths = tuple(scratch / f"{n:06}" for n, _ in enumerate(items))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._fetch, items, paths))
        return paths

    def _fetch(self, item: Item, path: Path) -> None:
        base = self.wanted.base
        key = base if self.wanted.is_one else f"{base}/{item.name}".lstrip("/")
        self.remote.fetch(self.bucket, key, path)
        if path.stat().st_size != item.size:
            raise InfrastructureError(f"{item.name} was changed while it was fetched", where=self.where)


def in_s3(remote: Remote, source: str) -> InS3:
    """What an s3:// source asks for; raises UsageError where it names no bucket, or a wild one."""
    bucket, _, key = source.removeprefix(SCHEME).partition("/")
    if not bucket or WILD.search(bucket) or not key:
        raise UsageError(
            "a place in S3 is s3://BUCKET/KEY, s3://BUCKET/PREFIX/ or a glob of keys", where=source
        )
    return InS3(remote, source, bucket, wanted(key))

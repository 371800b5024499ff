"""Tables in S3, by the AWS in use; it is connected to when a table is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InfrastructureError
from runner.sources.listing import Item

if TYPE_CHECKING:
    from runner.adapters.aws import Aws


MOST = 1_000_000  # objects that are listed, of which a table's are some


@dataclass(frozen=True, slots=True)
class Buckets:
    """`connect` raises LockgateError where there is no AWS that may be used."""

    connect: Callable[[], Aws]

    def head(self, bucket: str, key: str) -> Item:
        """One object, by its whole key."""
        from runner.adapters.aws import AwsError

        try:
            found = self.connect().call("s3", "head_object", Bucket=bucket, Key=key)
        except AwsError as error:
            told = "there is no such object" if error.code in ("404", "NoSuchKey", "NotFound") else error.what
            raise InfrastructureError(told, where=f"s3://{bucket}/{key}", hint=error.hint) from None
        return Item(key, int(found["ContentLength"]), str(found["ETag"]))

    def listed(self, bucket: str, prefix: str) -> list[Item]:
        """All objects whose keys begin so, by their whole keys; too many to be held are an error."""
        asked = {"Bucket": bucket, "Prefix": prefix, "PaginationConfig": {"MaxItems": MOST + 1}}
        found = self.connect().pages("s3", "list_objects_v2", "Contents", **asked)
        if len(found) > MOST:
            raise InfrastructureError(
                f"more than {MOST:,} objects lie there", where=f"s3://{bucket}/{prefix}"
            )
        return [Item(str(each["Key"]), int(each["Size"]), str(each["ETag"])) for each in found]

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        """An object into a file."""
        self.connect().download(bucket, key, path)

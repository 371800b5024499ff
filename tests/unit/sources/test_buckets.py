"""S3's listings, by botocore's own paginator over a client that answers page by page."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import InfrastructureError
from runner.sources import buckets
from runner.sources.buckets import Buckets


def listed(pages: int, most: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of a bucket of so many pages of two objects each."""
    monkeypatch.setattr(buckets, "MOST", most)
    client: Any = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        for page in range(pages):
            found = [{"Key": f"d/{2 * page + n}", "ETag": "e", "Size": 1} for n in range(2)]
            more = {"IsTruncated": True, "NextContinuationToken": str(page)} if page + 1 < pages else {}
            stub.add_response("list_objects_v2", {"Contents": found, **more})
        aws = Aws(sandbox_target("http://127.0.0.1:1"), lambda service: client)
        return [item.name for item in Buckets(lambda: aws).listed("bucket", "d/")]


def test_all_pages_are_listed_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(3, 6, monkeypatch) == [f"d/{n}" for n in range(6)]
    with pytest.raises(InfrastructureError, match=r"s3://bucket/d/: more than 5 objects lie there"):
        listed(9, 5, monkeypatch)

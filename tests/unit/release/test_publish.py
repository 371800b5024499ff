"""Bytes into the bucket: each once, each what its name says, nothing written over."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from helpers.buckets import Bucket

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.errors import RefusedError
from runner.release.content import Stored
from runner.release.publish import fetch, publish, require


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def aws(bucket: Bucket) -> Aws:
    return Aws(sandbox_target("http://127.0.0.1:1"), lambda name: bucket)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    sha256 = hashlib.sha256(b"model").hexdigest()
    (tmp_path / sha256).write_bytes(b"model")
    return Stored(f"square/model/{sha256}.onnx", sha256, 5)


def found(tmp_path: Path):
    return lambda sha256: path if (path := tmp_path / sha256).is_file() else None


def test_it_is_put_once(aws: Aws, bucket: Bucket, stored: Stored, tmp_path: Path) -> None:
    require(aws, "b", {"model": stored}, found(tmp_path))
    assert bucket.objects == {}
    publish(aws, "b", {"model": stored}, found(tmp_path))
    assert bucket.objects == {stored.key: b"model"}
    for again in (publish, require):  # nobody needs the file any more
        again(aws, "b", {"model": stored}, lambda sha256: None)


@pytest.mark.parametrize("act", [publish, require])
def test_missing_bytes(act, aws: Aws, bucket: Bucket, stored: Stored) -> None:
    with pytest.raises(RefusedError, match="the bytes of model are neither") as told:
        act(aws, "b", {"model": stored}, lambda sha256: None)
    assert "--artifacts" in told.value.hint
    assert bucket.objects == {}


@pytest.mark.parametrize("act", [publish, require])
def test_other_bytes(act, aws: Aws, bucket: Bucket, stored: Stored, tmp_path: Path) -> None:
    (tmp_path / stored.sha256).write_bytes(b"m0del")
    with pytest.raises(RefusedError, match="model is not what its manifest names"):
        act(aws, "b", {"model": stored}, found(tmp_path))
    assert bucket.objects == {}


def test_an_object_of_another_size_is_not_written_over(
    aws: Aws, bucket: Bucket, stored: Stored, tmp_path: Path
) -> None:
    bucket.objects[stored.key] = b"something else"
    with pytest.raises(AwsError):
        publish(aws, "b", {"model": stored}, found(tmp_path))
    assert bucket.objects[stored.key] == b"something else"


def test_who_was_faster_wrote_the_same(stored: Stored, tmp_path: Path) -> None:
    """Or this one's own answer was lost: 412, and the object fits."""

    class Raced(Bucket):
        def put_object(self, **request):
            self.objects.setdefault(request["Key"], b"model")
            return super().put_object(**request)

    raced = Raced()
    aws = Aws(sandbox_target("http://127.0.0.1:1"), lambda name: raced)
    publish(aws, "b", {"model": stored}, found(tmp_path))
    assert raced.objects == {stored.key: b"model"}


def test_what_is_fetched_is_checked(aws: Aws, bucket: Bucket, stored: Stored, tmp_path: Path) -> None:
    bucket.objects[stored.key] = b"model"
    path = fetch(aws, "b", stored.key, stored.sha256, tmp_path / "")
    assert path.read_bytes() == b"model" and path.suffix == ".onnx"
    bucket.objects[stored.key] = b"m0del"
    with pytest.raises(RefusedError, match="not what its name says"):
        fetch(aws, "b", stored.key, stored.sha256, tmp_path)

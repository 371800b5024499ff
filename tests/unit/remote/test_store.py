"""Stores: write once, read what was meant."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.buckets import Bucket

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.errors import InfrastructureError, UsageError
from runner.remote.store import FolderStore, S3Store, Store, blob_key, get_blob, parse_s3, put_blob

TARGET = sandbox_target("http://127.0.0.1:4566")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    bucket = Bucket()
    return S3Store(Aws(TARGET, lambda service: bucket), "results", "runs/r1")


def file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / hashlib.sha256(data).hexdigest()[:8]
    path.write_bytes(data)
    return path


def read(store: Store, key: str, tmp_path: Path) -> bytes:
    store.get(key, tmp_path / "back" / "it")
    return (tmp_path / "back" / "it").read_bytes()


def test_the_first_one_stands(store: Store, tmp_path: Path) -> None:
    assert store.put("endings/unit.json", file(tmp_path, b"first")) is True
    assert store.put("endings/unit.json", file(tmp_path, b"second")) is False
    assert read(store, "endings/unit.json", tmp_path) == b"first"


def test_what_is_not_there_is_an_error_with_its_place(store: Store, tmp_path: Path) -> None:
    assert not store.has("endings/unit.json")
    with pytest.raises(InfrastructureError, match="no such object") as refused:
        store.get("endings/unit.json", tmp_path / "x")
    assert refused.value.where == f"{store.url}/endings/unit.json"


def test_a_blob_comes_back_by_its_digest(store: Store, tmp_path: Path) -> None:
    sha256 = put_blob(store, file(tmp_path, b"data"))
    assert sha256 == hashlib.sha256(b"data").hexdigest()
    assert put_blob(store, file(tmp_path, b"data")) == sha256
    assert get_blob(store, sha256, tmp_path / "it").read_bytes() == b"data"


def test_a_blob_with_other_bytes_is_refused_and_not_left(store: Store, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"data").hexdigest()
    store.put(blob_key(sha256), file(tmp_path, b"planted"))
    assert put_blob(store, file(tmp_path, b"data")) == sha256  # write-once: what is there stays
    with pytest.raises(InfrastructureError, match="its bytes have sha256"):
        get_blob(store, sha256, tmp_path / "it")
    assert not (tmp_path / "it").exists()


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_digest_names_nothing(name: str) -> None:
    with pytest.raises(InfrastructureError, match="is no sha256"):
        blob_key(name)


def test_a_folder_in_an_objects_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "endings/unit.json").mkdir(parents=True)
    store = FolderStore(tmp_path)
    assert not store.has("endings/unit.json")
    with pytest.raises(InfrastructureError, match="cannot be read"):
        store.get("endings/unit.json", tmp_path / "x")
    assert store.put("endings/unit.json", file(tmp_path, b"x")) is False


@pytest.mark.parametrize("code", ["PreconditionFailed", "412"])
def test_every_way_in_which_s3_says_taken(tmp_path: Path, code: str) -> None:
    bucket = Bucket(code)
    store = S3Store(Aws(TARGET, lambda service: bucket), "b-1", "runs/r")
    assert store.put("k", file(tmp_path, b"1")) and not store.put("k", file(tmp_path, b"2"))


@pytest.mark.parametrize("times", [1, 4, 5])
def test_a_write_at_the_same_time_is_tried_again_and_never_taken_for_one_that_was_made(
    tmp_path: Path, times: int
) -> None:
    class Racing(Bucket):
        left = times

        def put_object(self, **request: Any) -> dict[str, Any]:
            self.left -= 1
            if self.left >= 0:
                raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")
            return super().put_object(**request)

    waits: list[float] = []
    bucket = Racing()
    store = S3Store(Aws(TARGET, lambda service: bucket), "b-1", "runs/r", waits.append)
    if times < 5:
        assert store.put("k", file(tmp_path, b"1")) and len(waits) == times
    else:
        with pytest.raises(AwsError):
            store.put("k", file(tmp_path, b"1"))
    assert ("runs/r/k" in bucket.objects) == (times < 5)


def test_a_write_that_is_denied_is_no_write_that_was_made(tmp_path: Path) -> None:
    bucket = Bucket("AccessDenied")
    store = S3Store(Aws(TARGET, lambda service: bucket), "b-1", "runs/r")
    store.put("k", file(tmp_path, b"1"))
    with pytest.raises(AwsError):
        store.put("k", file(tmp_path, b"2"))


def test_a_place_in_s3() -> None:
    assert parse_s3("s3://bucket/runs/r-1/") == ("bucket", "runs/r-1")


@pytest.mark.parametrize(
    "url",
    ["s3://bucket", "s3://bucket/", "s3://b/x", "http://b/x", "s3://bucket/a/../b", "s3://bucket/a//b", ""],
)
def test_no_place_in_s3(url: str) -> None:
    with pytest.raises(UsageError):
        parse_s3(url)

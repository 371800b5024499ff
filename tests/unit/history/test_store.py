"""Records in a folder and in S3: written once, read whole, and every failure one of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.histories import S3

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.errors import InfrastructureError
from runner.history.store import FolderRecords, Records, S3Records

TARGET = sandbox_target("http://127.0.0.1:4566")


def in_s3(bucket: S3) -> S3Records:
    return S3Records(Aws(TARGET, lambda service: bucket), "bucket", "some/history")


@pytest.fixture(params=["folder", "s3"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    return FolderRecords(tmp_path / "history") if request.param == "folder" else in_s3(S3())


def test_the_first_one_stands(records: Records) -> None:
    assert records.get("versions/fn/1.json") is None
    assert records.put("versions/fn/1.json", b"first") is True
    assert records.put("versions/fn/1.json", b"second") is False
    assert records.get("versions/fn/1.json") == b"first"


def test_keys_are_those_below_a_prefix(records: Records) -> None:
    assert records.keys("versions/fn") == []
    wanted = [f"versions/fn/{n}.json" for n in range(7)]
    for key in [*wanted, "versions/fn-2/1.json", "verdicts/fn/v/r.json"]:
        records.put(key, b"x")
    assert sorted(records.keys("versions/fn")) == wanted
    assert records.keys("verdicts/fn") == ["verdicts/fn/v/r.json"]


def test_what_a_killed_writer_left_in_a_folder_is_no_record(tmp_path: Path) -> None:
    records = FolderRecords(tmp_path)
    records.put("a/1.json", b"x")
    (tmp_path / "a" / ".2.json.k3j2").write_bytes(b"half")
    assert records.keys("a") == ["a/1.json"]
    assert [p.name for p in (tmp_path / "a").glob(".1*")] == []


def test_a_folder_that_is_none_is_an_error_and_not_an_empty_history(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("")
    (tmp_path / "2.json").mkdir()
    for do in (
        lambda: FolderRecords(tmp_path / "history").put("a/1.json", b"x"),
        lambda: FolderRecords(tmp_path / "history").get("a/1.json"),
        lambda: FolderRecords(tmp_path / "history").keys("a"),
        lambda: FolderRecords(tmp_path).get("2.json"),
    ):
        with pytest.raises(InfrastructureError, match="the history cannot be used"):
            do()


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "ConditionalRequestConflict"])
def test_every_way_in_which_s3_says_that_another_was_first(code: str) -> None:
    records = in_s3(S3(code))
    assert records.put("k", b"1") and not records.put("k", b"2")


def test_what_is_denied_is_no_answer() -> None:
    records = in_s3(S3("AccessDenied"))
    records.put("k", b"1")
    with pytest.raises(AwsError):
        records.put("k", b"2")

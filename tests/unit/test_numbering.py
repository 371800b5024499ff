"""Which history is used, who is said to have built, and what a run writes into it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import sample_runs as sample
from helpers.histories import artifact, history
from helpers.tiny import CONFIG

from runner.adapters.git import Source
from runner.config.schema import Solution
from runner.errors import UsageError
from runner.history.history import Origin
from runner.numbering import Numbering, Unnumbered, by_whom, open_history, open_numbering

ENV = "LOCKGATE_HISTORY"


def solution(**more: Any) -> Solution:
    return Solution.model_validate({**CONFIG, **more})


def place(environ: Mapping[str, str], real: bool = False, sandbox: str = "", **config: Any) -> str:
    found = open_history(Path("/root-of-it"), solution(**config), real=real, sandbox=sandbox, environ=environ)
    return found.records.url


def test_a_laptop_needs_nothing_and_the_environment_has_the_last_word() -> None:
    assert place({}) == "/root-of-it/.lockgate/history"
    assert place({}, history="kept/here") == "/root-of-it/kept/here"
    assert place({ENV: "/mnt/history"}, history="kept/here") == "/mnt/history"
    assert place({ENV: ""}, history="kept/here") == "/root-of-it/kept/here"


def test_a_bucket_is_that_of_the_aws_that_was_asked_for() -> None:
    assert place({}, sandbox="http://127.0.0.1:4566", history="s3://bucket/some/h") == "s3://bucket/some/h"
    with pytest.raises(Unnumbered, match="no AWS was asked for"):
        place({}, history="s3://bucket/some/h")


def test_no_number_that_one_machine_gives_by_itself_goes_into_a_real_aws() -> None:
    with pytest.raises(Unnumbered, match="until their history is named"):
        place({}, real=True)
    assert place({}, real=True, history="kept/here") == "/root-of-it/kept/here"


@pytest.mark.parametrize(
    "url",
    ["s3://bucket", "s3://bucket/", "s3://B/x", "s3://bucket/a/../b", "s3://bucket/a//b", "s3://bucket/a/",
     "s3://bucket/x" + "y" * 400, "s3://bucket/a b", "http://bucket/x", "S3://bucket/x", "file:///x"],
)  # fmt: skip
def test_no_place_for_a_history(url: str) -> None:
    with pytest.raises(UsageError, match="no place for a history"):
        place({ENV: url}, sandbox="http://127.0.0.1:4566")
    with pytest.raises(ValueError, match="a place in S3 is"):
        solution(history=url)


@pytest.mark.parametrize("path", ["/etc", "../up", "~/x", ""])
def test_a_folder_of_the_configuration_stays_inside(path: str) -> None:
    with pytest.raises(ValueError, match="history"):
        solution(history=path)


def nobody() -> str:
    raise AssertionError("AWS was asked though CodeBuild had said it")


def test_by_whom() -> None:
    assert by_whom({"CODEBUILD_INITIATOR": "codepipeline/flights"}, nobody) == "codepipeline/flights"
    assert by_whom({}, lambda: "arn:aws:sts::1:assumed-role/Build/x") == "arn:aws:sts::1:assumed-role/Build/x"
    assert by_whom({}, None) == getpass.getuser()


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unnamed() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", unnamed)
    assert by_whom({}, None).startswith("uid ")


def test_a_record_names_the_source_of_the_run(tmp_path: Path) -> None:
    at = Source("c" * 40, "dev", False)
    numbering = open_numbering(
        tmp_path, solution(), "r1", at, real=False, environ={"CODEBUILD_INITIATOR": "x"}
    )
    assert numbering.version_of(artifact("A")).endswith("-1")
    record = numbering.given["fn"].record
    assert (record.commit, record.clean, record.by, record.run_id) == ("c" * 40, False, "x", "r1")


def test_a_run_tells_its_verdict_of_every_version_that_it_was_given() -> None:
    asked = list[str]()

    def ask() -> Origin:
        asked.append("asked")
        return Origin("r1", "c" * 40, True, "ada")

    at = history()
    numbering = Numbering(at, "r1", ask)
    made = tuple(replace(a, version=numbering.version_of(a)) for a in (artifact("A"), artifact("A", "other")))
    record = replace(sample.passing(), run_id="r1", artifacts=made)
    record = replace(record, release=numbering.release(record))
    numbering.judge(record)
    assert at.releases()[0].components == {"fn": "2026.11.22-1", "other": "2026.11.22-1"}
    told = at.judgements("other")["2026.11.22-1"]
    assert (told.status, told.release, told.run_id) == ("PASSED", "2026.11.22-1+ccccccc", "r1")
    assert told.manifest_sha256 == record.manifest_sha256 and asked == ["asked"]

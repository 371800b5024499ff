"""A sandbox behind a dead proxy: neither we, nor ministack, nor the code of its functions use it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from runner.adapters.aws import Aws, sandbox_target
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

DEAD = "http://127.0.0.1:9"
CODE = """
import boto3
def handler(event, context):
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
"""


@pytest.fixture
def behind_a_dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD)
        monkeypatch.setenv(name.lower(), DEAD)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("behind_a_dead_proxy")
def test_works_behind_a_dead_proxy(tmp_path: Path, cache: Path) -> None:
    with start_embedded(tmp_path, cache) as sandbox:
        aws = Aws(sandbox_target(sandbox.url))
        aws.ensure_bucket("bucket")
        function = {"Runtime": "python3.12", "Handler": "app.handler", "Role": "arn:aws:iam::0:role/r"}
        aws.call("lambda", "create_function", FunctionName="f", Code={"ZipFile": zipped()}, **function)
        answer = aws.invoke("f", {})
    assert (answer.error, answer.answer) == ("", ["bucket"])


def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("app.py", CODE)
    return sink.getvalue()

"""What changes something asks the lease first; what reads does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.adapters.aws import Aws, Invocation, sandbox_target
from runner.release.fenced import Fenced
from runner.release.lease import Lost
from runner.release.reads import READS


class Recording(Aws):
    """An AWS that answers everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.target, self.asked = sandbox_target("http://127.0.0.1:1"), list[str]()

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        self.asked.append(operation)
        return {"ContentLength": 1}

    def pages(self, service: str, operation: str, field: str, /, **arguments: Any) -> list[dict[str, Any]]:
        self.asked.append(operation)
        return []

    def read(self, bucket: str, key: str) -> bytes:
        self.asked.append("read")
        return b""

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.asked.append("download")

    def empty_bucket(self, bucket: str) -> None:
        self.asked.append("empty_bucket")

    def invoke(self, function: str, event: Any) -> Invocation:
        self.asked.append("invoke")
        return Invocation(200, "", None)


def lost() -> None:
    raise Lost("another one has it")


@pytest.fixture
def aws() -> Recording:
    return Recording()


def test_who_lost_the_lease_still_reads(aws: Recording, tmp_path: Path) -> None:
    fenced = Fenced(aws, lost)
    for service, operation in READS:
        fenced.call(service, operation)
    fenced.pages("s3", "list_objects_v2", "Contents")
    fenced.read("b", "k")
    fenced.download("b", "k", tmp_path)
    assert fenced.object_size("b", "k") == 1
    assert fenced.target is aws.target


@pytest.mark.parametrize(
    "write",
    [
        lambda aws, path: aws.call("cloudformation", "execute_change_set"),
        lambda aws, path: aws.call("lambda", "update_alias"),
        lambda aws, path: aws.call("codedeploy", "create_deployment"),
        lambda aws, path: aws.call("s3", "something_new"),
        lambda aws, path: aws.upload(path, "b", "k"),
        lambda aws, path: aws.upload_new(path, "b", "k"),
        lambda aws, path: aws.ensure_bucket("b"),
        lambda aws, path: aws.empty_bucket("b"),
        lambda aws, path: aws.invoke("f", {}),
    ],
)
def test_and_changes_nothing(aws: Recording, tmp_path: Path, write: Any) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(Lost):
        write(Fenced(aws, lost), tmp_path / "file")
    assert aws.asked == []
    write(Fenced(aws, lambda: None), tmp_path / "file")
    assert len(aws.asked) == 1


def test_every_method_of_an_aws_is_either(aws: Recording) -> None:
    """One that is added to Aws and reaches a client by itself would go round the lease."""
    own = {name for name in vars(Aws) if not name.startswith("_")}
    through_call = {"account", "ensure_bucket", "object_size", "upload", "upload_new"}
    assert own - through_call == {name for name in vars(Fenced) if not name.startswith("_")}

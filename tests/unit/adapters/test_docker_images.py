"""Building, pushing and pulling through a fake of the SDK's client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from runner.adapters import shell
from runner.adapters.docker import Build, Engine, _followed
from runner.adapters.registry import Credentials
from runner.errors import InfrastructureError, SolutionError

ATTRS = {"Id": "sha256:i", "Size": 5, "Architecture": "arm64", "RepoDigests": ["r@sha256:d"]}


class Sdk:
    """The two calls that stream, and the image that comes of them."""

    def __init__(self, *events: dict[str, Any], error: Exception | None = None) -> None:
        self.events, self.error = events, error
        self.asked: dict[str, Any] = {}
        self.api, self.images = self, self

    def build(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked = {**asked, "context": asked.pop("fileobj").read()}
        if self.error:
            raise self.error
        return iter(self.events)

    def push(self, *names: str, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked = {"names": names, **asked}
        return iter(self.events)

    def get(self, _: str) -> Any:
        return SimpleNamespace(attrs=ATTRS)


def built(tmp_path: Path, sdk: Sdk) -> list[str]:
    (tmp_path / "c.tar").write_bytes(b"tar")
    said: list[str] = []
    info = Engine(sdk).build(
        Build(tmp_path / "c.tar", "Dockerfile", "r:t", {"l": "1"}, {"A": "b"}), said.append
    )
    assert (info.id, info.architecture, info.size, info.digests) == ("sha256:i", "arm64", 5, ("r@sha256:d",))
    return said


def test_a_build_sends_the_context_and_tells_its_lines(tmp_path: Path) -> None:
    sdk = Sdk({"stream": "Step 1/1 : FROM x\n"}, {"stream": "\n"}, {"aux": {"ID": "sha256:i"}})
    assert built(tmp_path, sdk) == ["Step 1/1 : FROM x"]
    assert (sdk.asked["context"], sdk.asked["labels"], sdk.asked["buildargs"]) == (
        b"tar",
        {"l": "1"},
        {"A": "b"},
    )


@pytest.mark.parametrize(
    ("error", "before", "kind"),
    [
        ("The command '/bin/sh -c false' returned a non-zero code: 1", "", SolutionError),
        ("COPY failed: file not found in build context", "", SolutionError),
        ("the --mount option requires BuildKit", "", SolutionError),
        ("The command 'x' returned a non-zero code: 137", "", InfrastructureError),
        (
            "The command 'pip' returned a non-zero code: 1",
            "Temporary failure in name res",
            InfrastructureError,
        ),
        ("pull access denied for x", "", InfrastructureError),
        ("manifest for x not found", "", InfrastructureError),
    ],
)
def test_only_what_the_definition_did_is_its_fault(
    tmp_path: Path, error: str, before: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        built(tmp_path, Sdk({"stream": before}, {"error": error}))


def test_a_dockerfile_that_does_not_parse_is_the_solutions_fault(tmp_path: Path) -> None:
    response = SimpleNamespace(status_code=400, reason="Bad Request", url="u")
    refused = APIError(
        "x", response=response, explanation="dockerfile parse error line 1: unknown instruction"
    )
    with pytest.raises(SolutionError, match="line 1"):
        built(tmp_path, Sdk(error=refused))


def test_a_push_gives_the_registrys_digest() -> None:
    sdk = Sdk({"status": "pushed"}, {"aux": {"Tag": "t", "Digest": "sha256:d", "Size": 1}})
    assert Engine(sdk).push("r", "t", Credentials("me", "pw"), 9.0, print) == "sha256:d"
    assert sdk.asked["auth_config"] == {"username": "me", "password": "pw"}
    with pytest.raises(InfrastructureError, match="no digest"):
        Engine(Sdk({"status": "pushed"})).push("r", "t", None, 9.0, print)


def test_a_stream_ends_with_its_time_and_with_the_run() -> None:
    with pytest.raises(InfrastructureError, match="did not end in -1 s"):
        _followed(iter([{"stream": "x"}]), -1.0, print)
    shell.INTERRUPTED.set()
    try:
        with pytest.raises(InfrastructureError, match="interrupted"):
            _followed(iter([{"stream": "x"}]), 9.0, print)
    finally:
        shell.INTERRUPTED.clear()

"""The docker host against an engine that is not there: what is created, what is read from its end, and
that nothing is left. With a real one: tests/containers/test_docker_host.py."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import docker.errors
import pytest
import requests
from helpers.remotes import leave, order, remote

from runner.adapters.aws import AwsTarget, sandbox_target
from runner.adapters.docker import Container, Engine, Gone, Stopped
from runner.config.schema import DockerHost
from runner.errors import InfrastructureError
from runner.hosts import docker as host
from runner.model import Check, Status
from runner.remote.job import KEY
from runner.remote.store import FolderStore
from runner.verdict import Ending


@dataclass
class Fake(Engine):
    """An engine with one container: `ends` are what is seen of its end, the last one for ever."""

    folder: Path
    ends: list[Stopped | Exception | None] = field(default_factory=lambda: [None, Stopped(0, False)])
    work: Callable[[FolderStore, str], object] = lambda store, key: leave(store, key=key)
    wanted: Container | None = None
    did: list[str] = field(default_factory=list)
    after_stop: Stopped = field(default_factory=lambda: Stopped(137, False))
    printed: list[bytes] = field(default_factory=list)

    def create(self, wanted: Container) -> str:
        self.wanted = wanted
        return "id"

    def put(self, container: str, folder: str, archive: Path) -> None:
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder, filter="data")
        assert folder == "/scratch"

    def start(self, container: str) -> None:
        assert self.wanted
        self.did.append("start")
        self.work(FolderStore(self.folder / "store"), self.wanted.environment[KEY])

    def lines(self, container: str) -> Iterator[bytes]:
        yield from self.printed

    def errors(self, container: str) -> bytes:
        return b"fetching"

    def ended(self, container: str) -> Stopped | None:
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Exception):
            raise end
        return end

    def stop(self, container: str, seconds: int) -> None:
        self.did.append("stop")
        self.ends = [self.after_stop]

    def get(self, container: str, path: str, out: Path, limit: int) -> None:
        with tarfile.open(out, "w") as tar:
            tar.add(self.folder / path.removeprefix("/scratch/"), Path(path).name)

    def remove(self, container: str) -> None:
        self.did.append("remove")


@pytest.fixture
def engine(tmp_path: Path, interrupted: Event) -> Fake:
    (tmp_path / "inside").mkdir()
    return Fake(tmp_path / "inside")


def run(engine: Fake, tmp_path: Path, timeout: float = 60.0, **fields: Any) -> Ending:
    fields = {"settings": DockerHost(), **fields}
    return host.run_stage(order(tmp_path / "s", timeout=timeout, remote=remote(**fields)), engine)


def test_a_stage_from_start_to_end(engine: Fake, tmp_path: Path) -> None:
    ending = run(engine, tmp_path)
    assert (ending.code, ending.sealed, ending.damage) == (0, True, "")
    assert engine.did == ["start", "remove"]
    assert (tmp_path / "s/out/container.log").read_bytes() == b"fetching"


def test_what_it_finishes_is_shown(engine: Fake, tmp_path: Path) -> None:
    heard: list[Check] = []
    engine.printed = [b"rubbish", json.dumps({"id": "t::a", "status": "PASSED", "seconds": 0.5}).encode()]
    far = remote(settings=DockerHost())
    host.run_stage(order(tmp_path / "s", remote=far, progress=heard.append), engine)
    assert heard == [Check("t::a", Status.PASSED, seconds=0.5)]


DOUBTS: dict[str, tuple[dict[str, Any], str]] = {
    "killed": ({"ends": [Stopped(137, False)], "work": lambda s, k: None}, "no ending was left"),
    "out of memory": ({"ends": [Stopped(137, True)]}, "out of memory"),
    "a test out of memory, its parent not": ({"ends": [Stopped(0, True)]}, "out of memory"),
    "an image that ends at once": ({"ends": [Stopped(0, False)], "work": lambda s, k: None}, "no ending"),
    "another status than said": ({"ends": [Stopped(1, False)]}, "ended with status 1, its ending says 0"),
    "another's seal": ({"work": lambda s, k: leave(s, key="j" * 64)}, "not sealed"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_anything_else_is_no_pass(engine: Fake, tmp_path: Path, name: str) -> None:
    how, said = DOUBTS[name]
    for field_name, value in how.items():
        setattr(engine, field_name, value)
    ending = run(engine, tmp_path)
    assert said in ending.damage
    assert engine.did[-1] == "remove"


def test_past_its_deadline_it_is_stopped_and_that_is_the_cause(engine: Fake, tmp_path: Path) -> None:
    engine.ends, engine.after_stop = [None], Stopped(0, False)
    ending = run(engine, tmp_path, timeout=-host.SETUP_SECONDS)
    assert engine.did == ["start", "stop", "remove"]
    assert ending.code is None, "its passing ending must not count"
    assert "did not end within" in ending.damage


def test_an_interrupt_stops_it(engine: Fake, tmp_path: Path, interrupted: Event) -> None:
    engine.ends = [None]
    interrupted.set()
    assert run(engine, tmp_path).code == -9
    assert engine.did == ["start", "stop", "remove"]


def test_one_that_somebody_removed_is_an_error_and_cleaned_up(engine: Fake, tmp_path: Path) -> None:
    engine.ends = [None, Gone("No such container")]
    with pytest.raises(Gone):
        run(engine, tmp_path)
    assert engine.did == ["start", "remove"]


# What the container is given.


def wanted(engine: Fake, tmp_path: Path, **fields: Any) -> Container:
    run(engine, tmp_path, **fields)
    assert engine.wanted
    return engine.wanted


SANDBOX = sandbox_target("http://sandbox:4566")
REAL = AwsTarget("real", "", "eu-west-1", "AWS: REAL", ("key", "secret", "token"))


@pytest.mark.parametrize("target", [None, SANDBOX, REAL])
def test_a_stage_without_aws_gets_none(engine: Fake, tmp_path: Path, target: AwsTarget | None) -> None:
    given = wanted(engine, tmp_path, target=target).environment
    assert not [n for n in given if n.startswith("AWS_") or n in ("LOCKGATE_AWS", "LOCKGATE_SANDBOX_URL")]


def test_one_that_needs_a_sandbox_gets_its_address_alone(engine: Fake, tmp_path: Path) -> None:
    given = wanted(engine, tmp_path, target=SANDBOX, needs_aws=True).environment
    assert given["LOCKGATE_SANDBOX_URL"] == SANDBOX.endpoint
    assert not [n for n in given if n.startswith("AWS_")]


def test_one_that_needs_a_real_aws_gets_the_runs_session(engine: Fake, tmp_path: Path) -> None:
    given = wanted(engine, tmp_path, target=REAL, needs_aws=True).environment
    assert (given["LOCKGATE_AWS"], given["AWS_SESSION_TOKEN"]) == ("1", "token")


def test_what_a_stages_connections_name_is_given_to_its_container_alone(engine: Fake, tmp_path: Path) -> None:
    variables = {"WAREHOUSE": "postgresql://h/d"}
    assert wanted(engine, tmp_path, variables=variables).environment["WAREHOUSE"] == "postgresql://h/d"
    assert "WAREHOUSE" not in wanted(engine, tmp_path).environment


def test_it_can_be_found_by_its_run(engine: Fake, tmp_path: Path) -> None:
    found = wanted(engine, tmp_path, settings=DockerHost(image="mine:1", network="lan"))
    assert found.labels == {"lockgate.run": remote().run_id, "lockgate.part": ""}
    assert (found.image, found.network) == ("mine:1", "lan")


def test_no_run_executes_what_another_ones_tests_could_write_unless_it_is_told_to(
    engine: Fake, tmp_path: Path
) -> None:
    assert wanted(engine, tmp_path / "a").volumes == {}
    kept = wanted(engine, tmp_path / "b", settings=DockerHost(cache="mine"))
    assert kept.volumes == {"mine": "/cache"}


# The adapter: what the SDK is asked for, and what its errors become.


class Sdk:
    """The SDK's client, as far as the adapter calls it."""

    def __init__(self, error: Exception | None = None, state: dict[str, Any] | None = None) -> None:
        self.error, self.state, self.created = error, state, dict[str, Any]()
        self.containers = self.api = self

    def create(self, image: str, command: list[str], **options: Any) -> Any:
        if self.error:
            raise self.error
        self.created = options
        return type("Made", (), {"id": "id"})

    def inspect_container(self, container: str) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"State": self.state}

    def remove_container(self, container: str, **options: Any) -> None:
        if self.error:
            raise self.error

    def get_archive(self, container: str, path: str) -> Any:
        return iter([b"x" * 600, b"x" * 600]), {}


CONTAINER = Container("image", ("task",), {}, {"cache": "/cache"})


def test_a_container_has_no_rights_and_no_socket() -> None:
    sdk = Sdk()
    Engine(sdk).create(CONTAINER)
    assert sdk.created["cap_drop"] == ["ALL"] and sdk.created["read_only"] is True
    assert sdk.created["security_opt"] == ["no-new-privileges"]
    assert sdk.created["volumes"] == {"cache": {"bind": "/cache", "mode": "rw"}}
    assert not {"privileged", "cap_add", "devices", "pid_mode", "init", "mounts"} & set(sdk.created)


NO_IMAGE = docker.errors.ImageNotFound("No such image: x")
NOT_FOUND = docker.errors.NotFound("No such container: id")
ERRORS = [
    (
        docker.errors.ImageNotFound("No such image: x"),
        InfrastructureError,
        "there is no such image",
        "build.sh",
    ),
    (NOT_FOUND, Gone, "No such container", "remove"),
    (docker.errors.APIError("denied\nby policy"), InfrastructureError, "denied by policy", "engine"),
    (docker.errors.DockerException("no engine"), InfrastructureError, "no engine", "engine"),
    (requests.ConnectionError("refused"), InfrastructureError, "refused", "engine"),
]


@pytest.mark.parametrize(("error", "kind", "said", "hint"), ERRORS)
def test_the_sdks_errors_are_ours(
    error: Exception, kind: type[InfrastructureError], said: str, hint: str
) -> None:
    with pytest.raises(kind, match=said) as raised:
        Engine(Sdk(error)).create(CONTAINER)
    assert hint in raised.value.hint
    assert "\n" not in raised.value.what


def test_what_is_gone_needs_no_removing_and_what_cannot_be_removed_is_told() -> None:
    Engine(Sdk(NOT_FOUND)).remove("id")
    with pytest.raises(InfrastructureError, match="busy"):
        Engine(Sdk(docker.errors.APIError("busy"))).remove("id")


@pytest.mark.parametrize("status", ["created", "running", "paused", "restarting", "removing"])
def test_a_container_that_runs_has_not_ended(status: str) -> None:
    assert Engine(Sdk(state={"Status": status, "ExitCode": 0})).ended("id") is None


def test_how_it_ended() -> None:
    state = {"Status": "exited", "ExitCode": 137, "OOMKilled": True}
    assert Engine(Sdk(state=state)).ended("id") == Stopped(137, True)


def test_what_comes_out_is_limited(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="larger than"):
        Engine(Sdk()).get("id", "/scratch/store/results", tmp_path / "x", 1000)
    Engine(Sdk()).get("id", "/scratch/store/results", tmp_path / "x", 1200)

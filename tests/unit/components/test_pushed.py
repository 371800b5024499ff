from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from runner.adapters.aws import AwsError, AwsTarget, sandbox_target
from runner.adapters.docker import Build, Engine, ImageInfo
from runner.adapters.registry import Credentials, ImageManifest, Registry, RegistryError
from runner.components import BuildJob
from runner.components.ecr import REGISTRY as VARIABLE
from runner.components.ecr import ecr_credentials, ecr_registry
from runner.components.image import build
from runner.components.pushed import Tools
from runner.components.references import image_values, interpolate
from runner.config.schema import Image, Solution
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.model import Artifact

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
COMMIT = "c" * 40


@dataclass
class World:
    """A registry and an engine in memory: what was pushed can be asked for, by tag and by digest."""

    images: dict[tuple[str, str], bytes] = field(default_factory=dict)
    built: list[Build] = field(default_factory=list)
    engine: bool = True
    reachable: bool = True
    size: int = 1000
    loses: bool = False
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked_by: list[Credentials | None] = field(default_factory=list)

    def tools(self) -> Tools:
        return Tools(
            cast(Callable[[], Engine], self.open),
            cast(Callable[[str, Credentials | None], Registry], self.at),
            lambda host: Credentials("me", "secret"),
        )

    def open(self) -> World:
        if not self.engine:
            raise InfrastructureError("docker: connection refused", where="engine")
        return self

    def at(self, host: str, who: Credentials | None) -> World:
        self.asked_by.append(who)
        return self

    def manifest(self, repository: str, reference: str) -> ImageManifest | None:
        if not self.reachable:
            raise RegistryError("it cannot be reached", where="r")
        data = self.images.get((repository, reference))
        return ImageManifest(f"sha256:{hashlib.sha256(data).hexdigest()}", data) if data else None

    def image(self, name: str) -> ImageInfo:
        if name not in self.bases:
            raise InfrastructureError("there is no such image", where=name)
        return ImageInfo("sha256:base", self.bases[name], "amd64", 1, {})

    def build(self, wanted: Build, said: Callable[[str], None]) -> ImageInfo:
        self.built.append(wanted)
        said("Step 1/1 : FROM scratch")
        return ImageInfo("sha256:id", (), "amd64", self.size, wanted.labels)

    def push(self, name: str, tag: str, *_: Any) -> str:
        config = {"digest": f"sha256:{len(self.built)}", "size": 1}
        data = json.dumps({"config": config, "layers": [{"size": 7}, {"size": 5}]}).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        repository = name.partition("/")[2]
        if not self.loses:
            self.images |= {(repository, tag): data, (repository, digest): data}
        return digest


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def job(tmp_path: Path) -> BuildJob:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Dockerfile").write_text("FROM scratch\n")
    return made(tmp_path, "localhost:5000/team")


def made(root: Path, registry: str | None, target: AwsTarget | None = None, kind: str = "image") -> BuildJob:
    solution = Solution.model_validate(
        {"solution": "flights", "stages": {"unit": {"kind": "unit"}}, "registry": registry}
    )
    component = Image(kind=kind, dockerfile="src/Dockerfile", context="src")  # type: ignore[arg-type]
    return BuildJob(
        "train", root, root, root / "cache", solution, component, {}, Path("python"),
        commit=COMMIT, target=target,
    )  # fmt: skip


def test_an_image_is_its_manifest_in_the_registry(job: BuildJob, world: World) -> None:
    artifact = build(job, world.tools())
    data = Path(artifact.path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == artifact.sha256 and artifact.size == len(data)
    name = f"localhost:5000/team/flights/train@sha256:{artifact.sha256}"
    assert artifact.facts == {
        "built": True, "image": name, "media_type": "", "layers_bytes": 12, "bases": [],
    }  # fmt: skip
    assert interpolate("${train.image}", image_values([artifact])[0], where="w") == name


def test_it_says_what_it_was_built_on(job: BuildJob, world: World) -> None:
    """Whoever built it knows which python:3.12 that was; whoever found it in the registry does not."""
    pinned, python = "busybox@sha256:" + "a" * 64, "b" * 64
    (job.root / "src" / "Dockerfile").write_text(f"FROM python:3.12\nCOPY --from={pinned} /a /a\nFROM lost\n")
    world.bases = {"python:3.12": (f"python@sha256:{python}",)}
    found = [build(job, world.tools()).facts["bases"] for _ in range(2)]
    names = [pinned, "lost", "python:3.12"]
    assert [base["name"] for base in found[0]] == [base["name"] for base in found[1]] == names
    assert [[base["sha256"] for base in each] for each in found] == [
        ["a" * 64, "", python],
        ["a" * 64, "", ""],
    ]


def test_its_labels_carry_commit_and_solution(job: BuildJob, world: World) -> None:
    artifact = build(job, world.tools())
    assert world.built[0].labels == {
        "org.opencontainers.image.revision": COMMIT,
        "lockgate.solution": "flights",
        "lockgate.component": "train",
        "lockgate.inputs": artifact.inputs,
    }


def test_what_is_unchanged_is_not_built_again_whatever_the_commit(job: BuildJob, world: World) -> None:
    first = build(job, world.tools())
    second = build(replace(job, commit="d" * 40, cache=job.cache / "other machine"), world.tools())
    assert (second.sha256, len(world.built)) == (first.sha256, 1)
    (job.root / "src" / "new.py").write_text("")
    assert build(job, world.tools()).sha256 != first.sha256 and len(world.built) == 2


def test_files_that_are_edited_while_they_are_packed_are_pushed_under_no_name(
    job: BuildJob, world: World
) -> None:
    def edit(line: str) -> None:
        (job.root / "src" / "Dockerfile").write_text("FROM other\n")

    with pytest.raises(InfrastructureError, match="were edited while they were packed"):
        build(replace(job, say=edit), world.tools())
    assert not world.built and not world.images


def test_what_the_registry_has_lost_is_built_again(job: BuildJob, world: World) -> None:
    build(job, world.tools())
    world.images.clear()
    build(job, world.tools())
    assert len(world.built) == 2


def test_a_known_image_needs_no_engine(job: BuildJob, world: World) -> None:
    first = build(job, world.tools())
    world.engine = False
    assert build(job, world.tools()) == first


@pytest.mark.parametrize("reachable", [True, False])
def test_without_an_engine_there_is_a_definition_and_it_says_so(
    job: BuildJob, world: World, reachable: bool
) -> None:
    world.engine, world.reachable = False, reachable
    artifact = build(job, world.tools())
    assert artifact.facts["built"] is False and "no Docker engine" in artifact.facts["why"]
    assert artifact.sha256 == artifact.inputs


def test_without_a_registry_likewise(job: BuildJob, world: World) -> None:
    artifact = build(made(job.root, None), world.tools())
    assert artifact.facts["built"] is False and "no registry" in artifact.facts["why"]
    assert world.built == []
    known, absent = image_values([artifact])
    with pytest.raises(InfrastructureError, match="no registry"):
        interpolate("${train.image}", known, where="w", absent=absent)


def test_a_registry_that_cannot_be_asked_is_an_error_where_it_could_be_used(
    job: BuildJob, world: World
) -> None:
    world.reachable = False
    with pytest.raises(RegistryError):
        build(job, world.tools())


def test_a_push_that_left_nothing_is_an_error(job: BuildJob, world: World) -> None:
    world.loses = True
    with pytest.raises(InfrastructureError, match="is not there"):
        build(job, world.tools())


def test_lambdas_limit_is_found_before_anything_is_pushed(job: BuildJob, world: World) -> None:
    world.size = 11 * 2**30
    with pytest.raises(SolutionError, match=r"11\.0 GiB; Lambda takes 10 GiB"):
        build(made(job.root, "localhost:5000", kind="lambda-image"), world.tools())
    assert world.images == {}
    assert build(made(job.root, "localhost:5000"), world.tools()).facts["built"]


@pytest.mark.parametrize("target", [None, sandbox_target("http://127.0.0.1:4566")])
def test_a_real_aws_is_not_touched_unasked(job: BuildJob, world: World, target: AwsTarget | None) -> None:
    artifact = build(made(job.root, ECR, target), world.tools())
    assert artifact.facts["built"] is False and "--aws" in artifact.facts["why"]
    assert world.asked_by == []


def test_the_environments_registry_counts_first(
    job: BuildJob, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "registry.example.org")
    assert build(job, world.tools()).facts["image"].startswith("registry.example.org/flights/train@")
    monkeypatch.setenv(VARIABLE, "https://registry.example.org")
    with pytest.raises(UsageError):
        build(job, world.tools())


class Ecr:
    """ECR's one answer, and where it was asked."""

    regions: ClassVar[list[str]] = []
    token = "QVdTOnBhc3N3b3Jk"  # AWS:password

    def __init__(self, target: AwsTarget) -> None:
        self.regions.append(target.region)

    def call(self, service: str, operation: str, /, **_: Any) -> Any:
        assert (service, operation) == ("ecr", "get_authorization_token")
        if self.token == "denied":
            raise AwsError("not authorized", where="ecr")
        return {"authorizationData": [{"authorizationToken": self.token}]}


def test_ecr_is_asked_in_the_registrys_own_region() -> None:
    target = AwsTarget("real", "", "us-east-1", "AWS")
    assert ecr_credentials(ECR, target, cast(Any, Ecr)) == Credentials("AWS", "password")
    assert Ecr.regions == ["eu-west-1"]
    with pytest.raises(InfrastructureError, match="no token"):
        ecr_credentials(ECR, target, cast(Any, type("Bad", (Ecr,), {"token": "!"})))


def test_an_artifact_that_is_no_image_has_no_image_reference() -> None:
    assert image_values([Artifact("m", "model", "m.onnx", "0" * 64, 1, "k")]) == ({}, {})


def test_an_account_is_asked_only_for_images_that_go_there(tmp_path: Path) -> None:
    with_image = made(tmp_path, f"{ECR}/team").solution.model_copy(
        update={"components": {"train": Image(kind="image", dockerfile="Dockerfile")}}
    )
    assert ecr_registry(with_image, {})
    assert not ecr_registry(with_image.model_copy(update={"components": {}}), {})
    assert not ecr_registry(with_image, {VARIABLE: "localhost:5000"})
    assert not ecr_registry(with_image.model_copy(update={"registry": None}), {})

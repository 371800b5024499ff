"""A real engine builds an image, a real registry takes it, and a pull by its digest gives the same."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.containers import BASE, docker
from helpers.registries import registry

from runner.adapters.docker import Engine
from runner.components import BuildJob, component_kind
from runner.config.schema import Image, Solution
from runner.errors import SolutionError
from runner.model import Artifact

pytestmark = pytest.mark.docker
DOCKERFILE = f"FROM {BASE}\nARG WORD=none\nCOPY greeting.txt /greeting.txt\nRUN echo $WORD > /word\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def job(tmp_path: Path, host: str) -> Iterator[BuildJob]:
    """A tiny image of a solution that no other test has."""
    root = tmp_path / "solution"
    root.mkdir()
    (root / "Dockerfile").write_text(DOCKERFILE)
    (root / "greeting.txt").write_text("hello\n")
    name = f"t{uuid.uuid4().hex[:12]}"
    config = {"solution": name, "stages": {"unit": {"kind": "unit"}}, "registry": host}
    component = Image(kind="image", dockerfile="Dockerfile", args={"WORD": "built"})
    solution = Solution.model_validate(config)
    yield BuildJob(
        "train", root, tmp_path / "out", tmp_path / "cache", solution, component, {}, Path("python"),
        commit="c" * 40,
    )  # fmt: skip
    _remove(name)


def _remove(word: str) -> None:
    """Every image of a test's own solution, by name or by digest."""
    lines = docker("images", "--digests", "--format", "{{.Repository}} {{.ID}}").splitlines()
    ids = {line.split()[1] for line in lines if f"/{word}/" in line}
    if ids:
        docker("rmi", "--force", *ids, check=False)


def build(job: BuildJob) -> Artifact:
    job.out.mkdir(exist_ok=True)
    return component_kind(job.component.kind)(job)


def test_a_pull_by_the_digest_gives_the_same_image(job: BuildJob) -> None:
    artifact = build(job)
    name = artifact.facts["image"]
    assert artifact.facts["built"] is True and name.endswith(f"@sha256:{artifact.sha256}")
    built = docker("image", "inspect", "--format", "{{.Id}}", name).strip()
    _remove(job.solution.solution)
    pulled = Engine().pull(name)
    assert pulled.id == built and name in pulled.digests
    config = json.loads(Path(artifact.path).read_bytes())["config"]
    assert config["digest"] == built  # the manifest that is kept pins the image's configuration
    assert docker("run", "--rm", name, "cat", "/greeting.txt", "/word") == "hello\nbuilt\n"
    assert pulled.labels["org.opencontainers.image.revision"] == "c" * 40
    assert pulled.labels["lockgate.solution"] == job.solution.solution


def test_unchanged_is_found_by_another_machine_and_another_commit(job: BuildJob) -> None:
    first = build(job)
    _remove(job.solution.solution)
    elsewhere = replace(job, commit="d" * 40, cache=job.cache / "other")
    assert replace(build(elsewhere), path="") == replace(first, path="")
    assert not docker("images", "-q", f"{first.facts['image'].partition('@')[0]}")
    (job.root / "greeting.txt").write_text("goodbye\n")
    assert build(job).sha256 != first.sha256


@pytest.mark.parametrize(
    ("dockerfile", "told"),
    [
        (f"FROM {BASE}\nRUN exit 3\n", "returned a non-zero code: 3"),
        (f"FROM {BASE}\nCOPY missing /x\n", "COPY failed"),
        ("FORM x\n", "unknown instruction"),
        (f"FROM {BASE}\nRUN --mount=type=cache,target=/x true\n", "BuildKit"),
    ],
)
def test_a_definition_that_is_at_fault_is_failed(job: BuildJob, dockerfile: str, told: str) -> None:
    (job.root / "Dockerfile").write_text(dockerfile)
    with pytest.raises(SolutionError, match=told):
        build(job)
    log = job.out / "image-train.log"
    assert not log.exists() or "Step" in log.read_text()

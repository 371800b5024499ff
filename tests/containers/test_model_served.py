"""A model behind SageMaker's protocol in a real container, and the model stage that judges it there."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.containers import docker
from helpers.judging import model_job
from helpers.registries import registry

from runner.components import BuildJob, component_kind
from runner.config.schema import ModelImage, Solution
from runner.errors import InfrastructureError
from runner.judge.served_model import served
from runner.model import Artifact, Status
from runner.stages import StageJob
from runner.stages.model import run

pytestmark = pytest.mark.docker
# Has onnxruntime, so that no package index has to be reached.
BASE = "lockgate-tests:serving"
DOCKERFILE = "FROM lockgate:runner\nENV PATH=/opt/lockgate/bin:$PATH\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("base")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    docker("build", "--quiet", "--tag", BASE, str(folder))
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def job(tmp_path: Path, host: str) -> Iterator[StageJob]:
    """The model stage's job, with the image of its candidate."""
    found = model_job(tmp_path / "solution", through="server")
    model = replace(found.artifacts["model"], facts={"format": "onnx"})
    name = f"t{uuid.uuid4().hex[:12]}"
    yield replace(found, artifacts={"model": model, "server": image(found, model, host, name)})
    lines = docker("images", "--digests", "--format", "{{.Repository}} {{.ID}}").splitlines()
    docker("rmi", "--force", *{line.split()[1] for line in lines if f"/{name}/" in line}, check=False)


def image(found: StageJob, model: Artifact, host: str, name: str) -> Artifact:
    config = {"solution": name, "stages": {"unit": {"kind": "unit"}}, "registry": host}
    solution, component = (
        Solution.model_validate(config),
        ModelImage(kind="model-image", model="model", base=BASE),
    )
    out = found.root / "built"
    out.mkdir()
    artifact = component_kind("model-image")(
        BuildJob("server", found.root, out, out, solution, component, {"model": model}, Path("python"))
    )
    assert artifact.facts["built"] is True
    return artifact


def left() -> str:
    return docker("ps", "--all", "--quiet", "--filter", "label=lockgate.purpose=serve")


def statuses(report: Any) -> dict[str, Status]:
    return {check.id: check.status for check in report.checks}


def test_it_speaks_sagemakers_protocol(job: StageJob) -> None:
    with served(job.artifacts["server"].facts["image"]) as model:
        url = f"http://{model.address}/invocations"
        body = json.dumps({"instances": [[0.1, 0.2, 0.3], [1, 2, None]]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            rows = json.loads(answer.read())["predictions"]
        assert len(rows) == 2 and abs(sum(rows[0]) - 1) < 1e-6
    assert left() == ""


def test_the_stage_judges_the_model_through_it(job: StageJob) -> None:
    stage: Any = job.stage
    direct = run(replace(job, stage=stage.model_copy(update={"through": None})))
    report = run(job)
    found = statuses(report)
    assert found.pop("served") is Status.PASSED
    assert found == statuses(direct)
    values = {c.id: c.measured for c in direct.checks if c.id.startswith("metrics/")}
    assert values and values == {c.id: c.measured for c in report.checks if c.id in values}
    assert set(report.collected) == set(statuses(report))
    assert left() == ""


def test_a_container_that_serves_another_model_fails(job: StageJob, host: str, tmp_path: Path) -> None:
    other = model_job(tmp_path / "other", model="champion")
    model = replace(other.artifacts["model"], facts={"format": "onnx"})
    name = job.artifacts["server"].facts["image"].split("/")[1]
    wrong = image(other, model, host, name)
    report = run(replace(job, artifacts={**job.artifacts, "server": wrong}))
    assert statuses(report)["served"] is Status.FAILED


def test_a_container_that_never_serves_is_an_error_that_says_why(job: StageJob) -> None:
    # Its program knows no `serve`.
    broken = replace(job.artifacts["server"], facts={"built": True, "image": "lockgate:deploy"})
    report = run(replace(job, artifacts={**job.artifacts, "server": broken}))
    assert statuses(report)["opens"] is Status.ERROR and report.status is Status.ERROR
    assert left() == ""
    missing = replace(broken, facts={"built": False, "why": "no registry is configured"})
    with pytest.raises(InfrastructureError, match="no registry is configured"):
        run(replace(job, artifacts={**job.artifacts, "server": missing}))

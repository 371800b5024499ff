"""Models (ONNX, skops) behind SageMaker's protocol in real containers; the model stage that judges one."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.containers import docker
from helpers.judging import CRITERIA, model_job
from helpers.registries import registry

from runner.adapters.cache import cache_dir
from runner.components import BuildJob, component_kind
from runner.config.load import load
from runner.config.schema import ModelImage, Solution
from runner.environment import solution_python
from runner.errors import InfrastructureError
from runner.judge.onnx_model import Unusable
from runner.judge.served_model import served
from runner.model import Artifact, Status
from runner.stages import StageJob
from runner.stages.champion import HANDED
from runner.stages.model import run

pytestmark = pytest.mark.docker
# Has onnxruntime, so that no package index has to be reached.
BASE = "lockgate-tests:serving"
NAME = f"t{uuid.uuid4().hex[:12]}"  # of the one solution whose images they are: a layer is pushed once
SKOPS_BASE = "lockgate-tests:serving-skops"
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
FIT = """
import base64, json
import numpy as np, skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

x = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)  # as it is served
estimator = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, x[:, 0] + x[:, 1] > 0)
skops.io.dump(estimator, "/tmp/m.skops")
print(json.dumps({
    "data": base64.b64encode(open("/tmp/m.skops", "rb").read()).decode(),
    "rows": x[:20].tolist(), "scores": estimator.predict_proba(x[:20]).tolist(),
    "types": skops.io.get_untrusted_types(file="/tmp/m.skops"),
}))
"""
DOCKERFILE = "FROM lockgate:runner\nENV PATH=/opt/lockgate/bin:$PATH\n"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("base")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    docker("build", "--quiet", "--tag", BASE, str(folder))
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host
    lines = docker("images", "--digests", "--format", "{{.Repository}} {{.ID}}").splitlines()
    docker("rmi", "--force", *{line.split()[1] for line in lines if f"/{NAME}/" in line}, check=False)


@dataclass(frozen=True)
class Estimator:
    """A skops file, rows, what its estimator says of them, and the types in it that skops does not know."""

    data: bytes
    rows: list[list[float]]
    scores: list[list[float]]
    types: list[str]


@pytest.fixture(scope="module")
def skops_base(host: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base with skops, which is taken from the environment of flights: it is pure Python."""
    folder = tmp_path_factory.mktemp("skops")
    python = solution_python(FLIGHTS, load(FLIGHTS), cache_dir(), folder / "pip.log")
    (site,) = (python.parent.parent / "lib").glob("python*/site-packages")
    for path in (p for name in ("skops", "prettytable", "wcwidth") for p in site.glob(f"{name}*")):
        shutil.copytree(path, folder / "site" / path.name)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY site /opt/skops\nENV PYTHONPATH=/opt/skops\n")
    docker("build", "--quiet", "--tag", SKOPS_BASE, str(folder))
    return SKOPS_BASE


@pytest.fixture(scope="module")
def estimator(skops_base: str) -> Estimator:
    """Fitted in the container that will serve it: its scikit-learn is the right one."""
    said = docker("run", "--rm", "--entrypoint=python3", skops_base, "-c", FIT)
    told = json.loads(said.splitlines()[-1])
    return Estimator(base64.b64decode(told.pop("data")), **told)


@pytest.fixture
def serve(estimator: Estimator, skops_base: str, host: str, tmp_path: Path) -> Callable[[list[str]], str]:
    """Gives the image that serves the estimator with these types trusted."""
    (tmp_path / "m.skops").write_bytes(estimator.data)
    digest = hashlib.sha256(estimator.data).hexdigest()
    built = Artifact("model", "model", str(tmp_path / "m.skops"), digest, len(estimator.data), "")

    def image_with(trusted: list[str]) -> str:
        model = replace(built, facts={"format": "skops", "trusted_types": trusted})
        return str(image(tmp_path, model, host, skops_base).facts["image"])

    return image_with


@pytest.fixture
def job(tmp_path: Path, host: str) -> StageJob:
    """The model stage's job, with the image of its candidate."""
    found = model_job(tmp_path / "solution", through="server")
    model = replace(found.artifacts["model"], facts={"format": "onnx"})
    return replace(found, artifacts={"model": model, "server": image(found.root, model, host)})


def image(root: Path, model: Artifact, host: str, base: str = BASE) -> Artifact:
    config = {"solution": NAME, "stages": {"unit": {"kind": "unit"}}, "registry": host}
    solution, component = (
        Solution.model_validate(config),
        ModelImage(kind="model-image", model="model", base=base),
    )
    out = root / "built"
    out.mkdir(exist_ok=True)
    artifact = component_kind("model-image")(
        BuildJob("server", root, out, out, solution, component, {"model": model}, Path("python"))
    )
    assert artifact.facts["built"] is True
    return artifact


def left() -> str:
    return docker("ps", "--all", "--quiet", "--filter", "label=lockgate.purpose=serve")


def statuses(report: Any) -> dict[str, Status]:
    return {check.id: check.status for check in report.checks}


def ask(address: str, rows: list[list[float | None]]) -> list[list[float]]:
    """/ping, then /invocations with rows as JSON."""
    with urllib.request.urlopen(f"http://{address}/ping", timeout=10) as answer:
        assert answer.status == 200
    body, kind = json.dumps({"instances": rows}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{address}/invocations", body, kind)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        found: list[list[float]] = json.loads(answer.read())["predictions"]
    return found


def test_it_speaks_sagemakers_protocol(job: StageJob) -> None:
    with served(job.artifacts["server"].facts["image"]) as model:
        rows = ask(model.address, [[0.1, 0.2, 0.3], [1, 2, None]])
        assert len(rows) == 2 and abs(sum(rows[0]) - 1) < 1e-6
    assert left() == ""


def test_a_skops_model_answers_what_its_estimator_does(
    estimator: Estimator, serve: Callable[[list[str]], str]
) -> None:
    assert estimator.types, "nothing in it has to be trusted: this would prove too little"
    with served(serve(estimator.types)) as model:
        assert np.abs(np.subtract(ask(model.address, estimator.rows), estimator.scores)).max() < 1e-12
    assert left() == ""


def test_a_skops_model_with_a_type_that_nobody_trusted_is_not_opened(
    serve: Callable[[list[str]], str],
) -> None:
    with pytest.raises(Unusable, match="untrusted types"), served(serve([])):
        pass
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


def test_memory_and_time_are_its_containers_and_the_champions(job: StageJob) -> None:
    baseline = {"kind": "champion", "environment": "prod", "must_beat": [{"metric": "roc_auc"}]}
    rules = {"latency": {"max_ratio": 20, "repeats": 20}, "memory": {"max_mb": 2000}, "baseline": baseline}
    (job.root / "criteria.yml").write_text(json.dumps({**CRITERIA, **rules}))
    facts = {"environment": "prod", "image": job.artifacts["server"].facts["image"]}
    champion = replace(job.artifacts["model"], name=HANDED, facts=facts)
    report = run(replace(job, artifacts={**job.artifacts, HANDED: champion}))
    found = statuses(report)
    assert found["latency/ratio"] is Status.PASSED and found["memory"] is Status.PASSED
    assert report.evidence.facts["memory"]["bytes"] > 20_000_000  # it has onnxruntime in it
    assert left() == ""


def test_a_container_that_serves_another_model_fails(job: StageJob, host: str, tmp_path: Path) -> None:
    other = model_job(tmp_path / "other", model="champion")
    model = replace(other.artifacts["model"], facts={"format": "onnx"})
    wrong = image(other.root, model, host)
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

"""A model in a container that speaks SageMaker's protocol: a generated Dockerfile and a small server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path, PurePath

from runner.adapters.files import write_atomic
from runner.components import BuildJob
from runner.components.image_context import Recipe
from runner.components.pushed import Tools, pushed
from runner.components.sources import source_file
from runner.config.schema import ModelImage
from runner.errors import InfrastructureError, UsageError
from runner.model import Artifact

SERVER = Path(__file__).with_name("_serve.py")
FOLDER = "/opt/serving"
PORT = 8080


def build(job: BuildJob, tools: Tools | None = None) -> Artifact:
    """The serving image in the registry, or, without a registry or an engine, its definition alone.

    Raises UsageError for a model that cannot be served, and what `pushed` raises."""
    component = job.component
    assert isinstance(component, ModelImage)  # noqa: S101  the schema's discriminator says so
    model = job.artifacts.get(component.model)
    if model is None:
        raise InfrastructureError(f"the model {component.model!r} was not built", where=job.name)
    return pushed(job, recipe(job, component, model), tools or Tools())


def recipe(job: BuildJob, component: ModelImage, model: Artifact) -> Recipe:
    """What the image is made from; the same model, server, lock and base give the same one."""
    if model.facts.get("format") not in ("onnx", "skops"):
        told = model.facts.get("format", "of no known format")
        raise UsageError(
            f"the model is {told}: only ONNX and skops are served", where=f"components.{job.name}"
        )
    name = f"model{PurePath(model.path).suffix}"
    files = {"server.py": SERVER, name: Path(model.path)}
    if component.lock:
        files["requirements.lock"] = source_file(job, component.lock)
    text = "\n".join(_lines(component, model, name)) + "\n"
    dockerfile = job.cache / "serving" / f"{hashlib.sha256(text.encode()).hexdigest()}.Dockerfile"
    write_atomic(dockerfile, text.encode())
    return Recipe(
        component.kind, dockerfile, {**files, "Dockerfile": dockerfile}, "Dockerfile", {}, component.timeout
    )


def _lines(component: ModelImage, model: Artifact, name: str) -> Iterator[str]:
    python = f"{FOLDER}/venv/bin/python" if component.lock else "python3"
    yield f"FROM {component.base}"
    if component.lock:
        yield f"COPY requirements.lock {FOLDER}/"
        pip = "pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all:"
        yield f"RUN python3 -m venv {FOLDER}/venv && {python} -m {pip} -r {FOLDER}/requirements.lock"
    yield f"COPY server.py {name} {FOLDER}/"
    yield from (
        f"ENV {key}={json.dumps(value)}" for key, value in _environment(component, model, name).items()
    )
    yield "USER 65534:65534"
    yield f"EXPOSE {PORT}"
    yield f"ENTRYPOINT {json.dumps([python, f'{FOLDER}/server.py'])}"
    yield 'CMD ["serve"]'


def _environment(component: ModelImage, model: Artifact, name: str) -> dict[str, str]:
    said = {"SERVING_MODEL": f"{FOLDER}/{name}", "SERVING_SHA256": model.sha256, "PYTHONUNBUFFERED": "1"}
    if name.endswith(".skops"):
        trusted = json.dumps(list(model.facts.get("trusted_types", ())))
        said |= {"SERVING_TRUSTED": trusted, "SERVING_METHOD": component.method}
    return said

"""From an image's recipe to an image in the registry, known by its repository digest alone.

The artifact's bytes are the image's manifest as the registry has it: their sha256 is the repository
digest, and they pin the configuration and every layer. A recipe that was pushed before is not built
again: its tag in the registry is the recipe's digest, so that another machine finds it too, with the
label of the commit that built it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.docker import Build, Engine, ImageInfo, logged_in
from runner.adapters.files import write_atomic
from runner.adapters.output import SECRECY
from runner.adapters.registry import Credentials, ImageManifest, Registry, RegistryError
from runner.components import BuildJob
from runner.components.ecr import ECR, ecr_credentials
from runner.components.ecr import REGISTRY as VARIABLE
from runner.components.image_bases import base_images, known_bases
from runner.components.image_context import Recipe
from runner.config.fields import REGISTRY
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.model import Artifact

REVISION = "org.opencontainers.image.revision"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 10 GB, unpacked
LAMBDA_LIMIT = 10 * 2**30


class NotBuilt(Exception):
    """There is no image, only its definition; the message is why."""


@dataclass(frozen=True, slots=True)
class Tools:
    """How an engine, a registry and what `docker login` kept are had."""

    engine: Callable[[], Engine] = Engine
    registry: Callable[[str, Credentials | None], Registry] = Registry
    login: Callable[[str], Credentials | None] = logged_in


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image belongs: host and repository of a registry, and who asks."""

    host: str
    repository: str
    credentials: Credentials | None

    @property
    def name(self) -> str:
        return f"{self.host}/{self.repository}"


def pushed(job: BuildJob, recipe: Recipe, tools: Tools) -> Artifact:
    """The image that a recipe gives; where it cannot be had, the recipe's own digest, and facts say why.

    Raises SolutionError where the recipe is at fault, InfrastructureError where the world is."""
    inputs = recipe.digest()
    try:
        place = _place(job, tools)
        registry = tools.registry(place.host, place.credentials)
        known = _known(registry, place, _tag(inputs), tools)
        manifest = known or _made(job, recipe, place, inputs, tools)
    except NotBuilt as why:
        facts = {"built": False, "why": str(why), "context_bytes": recipe.size()}
        return Artifact(job.name, recipe.kind, str(recipe.origin), inputs, recipe.size(), inputs, facts=facts)
    bases = _bases(recipe, None if known else _engine(tools))
    return _artifact(job, recipe, place, manifest, inputs, bases)


def _bases(recipe: Recipe, engine: Engine | None) -> list[dict[str, str]]:
    """What the image was built on; an `engine` that has just built it knows by which digests."""

    def digests(name: str) -> tuple[str, ...]:
        try:
            return engine.image(name).digests if engine else ()
        except InfrastructureError:  # a builder may keep what it pulled to itself
            return ()

    text = recipe.files[recipe.dockerfile].read_text(encoding="utf-8", errors="replace")
    return known_bases(base_images(text, recipe.args), digests)


def _place(job: BuildJob, tools: Tools) -> Place:
    """Where the solution's registry has this component. Raises NotBuilt where there is no registry."""
    named = os.environ.get(VARIABLE) or job.solution.registry
    if not named:
        raise NotBuilt(f"no registry is configured: `registry` in lockgate.yml, or {VARIABLE}")
    if not re.fullmatch(REGISTRY, named):
        raise UsageError(f"{named!r} is no registry", where=VARIABLE, hint="HOST[:PORT][/PREFIX]")
    host, _, prefix = named.partition("/")
    repository = "/".join(filter(None, (prefix, job.solution.solution, job.name)))
    if ECR.fullmatch(host):
        if job.target is None or job.target.kind != "real":
            raise NotBuilt(f"{host} is in a real AWS, which is used only with --aws")
        return Place(host, repository, ecr_credentials(host, job.target))
    return Place(host, repository, tools.login(host))


def _known(registry: Registry, place: Place, tag: str, tools: Tools) -> ImageManifest | None:
    """The image that was pushed for this recipe before, if the registry still has it."""
    try:
        return registry.manifest(place.repository, tag)
    except RegistryError:
        _engine(tools)  # without one there is nothing that could be pushed either
        raise


def _engine(tools: Tools) -> Engine:
    try:
        return tools.engine()
    except (InfrastructureError, ImportError) as error:
        raise NotBuilt(f"no Docker engine is at hand: {str(error).splitlines()[0]}") from None


def _tag(inputs: str) -> str:
    return f"in-{inputs[:40]}"


def _made(job: BuildJob, recipe: Recipe, place: Place, inputs: str, tools: Tools) -> ImageManifest:
    """Build and push; the manifest under the digest that the push gave."""
    engine, said, tag = _engine(tools), _Log(job.out / f"image-{job.name}.log"), _tag(inputs)
    job.say(f"{job.name}: building {place.name}")
    labels = {REVISION: job.commit, "lockgate.solution": job.solution.solution}
    labels |= {"lockgate.component": job.name, "lockgate.inputs": inputs}
    with tempfile.TemporaryDirectory(prefix="lockgate-context-") as folder:
        context = Path(folder, "context.tar")
        recipe.pack(context)
        if recipe.digest() != inputs:  # the tag would name what it is not, for everybody
            raise InfrastructureError("its files were edited while they were packed", where=job.name)
        wanted = Build(context, recipe.dockerfile, f"{place.name}:{tag}", labels, recipe.args, recipe.timeout)
        _require_size(recipe, engine.build(wanted, said))
    job.say(f"{job.name}: pushing {place.name}")
    digest = engine.push(place.name, tag, place.credentials, recipe.timeout, said)
    manifest = tools.registry(place.host, place.credentials).manifest(place.repository, digest)
    if manifest is None:
        raise InfrastructureError(f"{digest} was pushed and is not there", where=place.name)
    return manifest


def _require_size(recipe: Recipe, image: ImageInfo) -> None:
    if recipe.kind == "lambda-image" and image.size > LAMBDA_LIMIT:
        raise SolutionError(
            f"{image.size / 2**30:.1f} GiB; Lambda takes {LAMBDA_LIMIT >> 30} GiB", where=str(recipe.origin)
        )


@dataclass(frozen=True, slots=True)
class _Log:
    """The lines of a build and a push, in a file, without secrets."""

    path: Path

    def __call__(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(SECRECY.redactor().text(f"{line}\n"))


def _artifact(
    job: BuildJob,
    recipe: Recipe,
    place: Place,
    manifest: ImageManifest,
    inputs: str,
    bases: list[dict[str, str]],
) -> Artifact:
    path = job.cache / "images" / f"{manifest.sha256}.json"
    write_atomic(path, manifest.data)
    described: Mapping[str, Any] = json.loads(manifest.data)
    facts = {
        "built": True,
        "image": f"{place.name}@{manifest.digest}",
        "media_type": described.get("mediaType", ""),
        "bases": bases,
        "layers_bytes": sum(layer["size"] for layer in described["layers"]),
    }
    size = len(manifest.data)
    return Artifact(job.name, recipe.kind, str(path), manifest.sha256, size, inputs, facts=facts)

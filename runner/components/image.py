"""A container image, plain or a Lambda function's: built by the engine from what its Dockerfile may see."""

from __future__ import annotations

from runner.components import BuildJob
from runner.components.image_context import OUTSIDE, Recipe, context_files
from runner.components.pushed import Tools, pushed
from runner.components.sources import inside, source_file
from runner.config.schema import Image
from runner.errors import UsageError
from runner.model import Artifact

CONTEXT_LIMIT = 10 * 2**30


def build(job: BuildJob, tools: Tools | None = None) -> Artifact:
    """The image in the registry, or, without a registry or an engine, its definition alone.

    Raises UsageError where the Dockerfile or the context does not exist, SolutionError where they are
    at fault."""
    return pushed(job, recipe(job), tools or Tools())


def recipe(job: BuildJob) -> Recipe:
    """What the image is made from."""
    component = job.component
    assert isinstance(component, Image)  # noqa: S101  the schema's discriminator says so
    dockerfile, context = job.root / component.dockerfile, job.root / component.context
    for path, there in ((dockerfile, dockerfile.is_file()), (context, context.is_dir())):
        if not there:
            raise UsageError(f"{path} does not exist", where=f"components.{job.name}")
    files = dict(inside(job, context, context_files(context), CONTEXT_LIMIT))
    source_file(job, component.dockerfile)
    named = next((name for name, path in files.items() if path == dockerfile), OUTSIDE)
    args, timeout = component.args, component.timeout
    return Recipe(component.kind, dockerfile, {**files, named: dockerfile}, named, args, timeout)

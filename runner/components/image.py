"""A container image's definition: the Dockerfile and what its context would send to the engine."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterator
from pathlib import Path

from runner.adapters.files import sha256_file, walk
from runner.components import BuildJob
from runner.config.schema import Image
from runner.errors import UsageError
from runner.model import Artifact


def build(job: BuildJob) -> Artifact:
    """The digest of the definition; the image itself is not built here, and facts say so.

    Raises UsageError where the Dockerfile or the context does not exist."""
    component = job.component
    assert isinstance(component, Image)  # noqa: S101  the schema's discriminator says so
    dockerfile, context = job.root / component.dockerfile, job.root / component.context
    for path, there in ((dockerfile, dockerfile.is_file()), (context, context.is_dir())):
        if not there:
            raise UsageError(f"{path} does not exist", where=f"components.{job.name}")
    digest = hashlib.sha256(f"Dockerfile\0{sha256_file(dockerfile)}\n".encode())
    size = dockerfile.stat().st_size
    for path in context_files(context):
        digest.update(f"{path.relative_to(context).as_posix()}\0{sha256_file(path)}\n".encode())
        size += path.stat().st_size
    definition = digest.hexdigest()
    facts = {"built": False, "context_bytes": size}
    return Artifact(job.name, component.kind, str(dockerfile), definition, size, definition, facts=facts)


def context_files(context: Path) -> Iterator[Path]:
    """The context's files that .dockerignore leaves in; the last pattern that matches decides."""
    patterns = _patterns(context / ".dockerignore")
    for path in walk(context):
        name = path.relative_to(context).as_posix()
        ignored = False
        for pattern, excludes in patterns:
            if _matches(name, pattern):
                ignored = excludes
        if not ignored:
            yield path


def _patterns(path: Path) -> list[tuple[str, bool]]:
    """(pattern, whether it excludes) in the file's order."""
    if not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    kept = [line for line in lines if line and not line.startswith("#")]
    return [(line.lstrip("!").strip("/"), not line.startswith("!")) for line in kept]


def _matches(name: str, pattern: str) -> bool:
    """Whether a file or a folder above it matches."""
    parts, wanted = name.split("/"), pattern.split("/")
    return any(_fits(parts[:i], wanted) for i in range(1, len(parts) + 1))


def _fits(parts: list[str], wanted: list[str]) -> bool:
    """Segment by segment: '*' stays within one, '**' stands for any number of them."""
    if not wanted or not parts:
        return not parts and all(segment == "**" for segment in wanted)
    if wanted[0] == "**":
        return any(_fits(parts[i:], wanted[1:]) for i in range(len(parts) + 1))
    return fnmatch.fnmatchcase(parts[0], wanted[0]) and _fits(parts[1:], wanted[1:])

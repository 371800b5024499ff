"""A component's own file, read with care: it is there, it lies in the solution, it is of a sane size."""

from __future__ import annotations

from pathlib import Path

from runner.components import BuildJob
from runner.errors import SolutionError, UsageError


def source_file(job: BuildJob, name: str) -> Path:
    """The file that a component names, resolved.

    Raises UsageError where there is none, SolutionError where a link leads out of the solution."""
    path = job.root / name
    if not path.is_file():
        raise UsageError(f"{name!r} is no file", where=f"{job.root / 'lockgate.yml'}: components.{job.name}")
    real = path.resolve()
    if not real.is_relative_to(job.root.resolve()):
        raise SolutionError("a link leads out of the solution", where=f"{job.name}: {name}")
    return real


def read_source(job: BuildJob, name: str, limit: int) -> tuple[Path, bytes]:
    """The file that a component names and its bytes, at most `limit` of them.

    Raises what `source_file` raises, SolutionError for a file that is larger or cannot be read."""
    path = source_file(job, name)
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise SolutionError(f"it cannot be read: {error.strerror}", where=name) from None
    if len(data) > limit:
        raise SolutionError(f"it has more than {limit:,} bytes", where=name)
    return path, data

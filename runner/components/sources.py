"""A component's own file, read with care: it is there, it lies in the solution, it is of a sane size."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from runner.components import BuildJob
from runner.errors import SolutionError, UsageError
from runner.text import one_line

FILES_LIMIT = 65_535  # what a zip archive holds without extensions that not every reader knows


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


def inside(job: BuildJob, folder: Path, paths: Iterable[Path], limit: int) -> Iterator[tuple[str, Path]]:
    """(name below the folder, file) of a component's files, looked at one by one before any is read.

    Raises SolutionError at the first that lies outside of the solution, cannot be read, has no name as
    text, or with which there are more than FILES_LIMIT files or `limit` bytes."""
    root, room = job.root.resolve(), limit
    for count, path in enumerate(paths, 1):
        name = path.relative_to(folder).as_posix()
        shown = f"{job.name}: {one_line(name)}"
        if not path.resolve().is_relative_to(root):
            raise SolutionError("a link leads out of the solution", where=shown)
        if not os.access(path, os.R_OK):
            raise SolutionError("a file cannot be read", where=shown)
        if not name.isprintable():
            raise SolutionError("a file's name is not printable text", where=shown)
        room -= path.stat().st_size
        if room < 0 or count > FILES_LIMIT:
            most = f"{limit / 2**20:.0f} MiB" if room < 0 else f"{FILES_LIMIT:,} files"
            raise SolutionError(f"it has more than {most}", where=shown)
        yield name, path

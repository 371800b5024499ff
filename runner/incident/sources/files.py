"""Files that the failure left on this machine: manifest, report, logs. Links are not followed: a test
may have made them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from runner.errors import InfrastructureError
from runner.incident import Incident
from runner.incident.gather import Piece

LIMIT = 2**20  # bytes of one file; of a log the end is kept


def left_files(incident: Incident) -> Iterator[Piece]:
    """Each file whole, or the end of a log. Raises InfrastructureError, after all others, for those that
    cannot be had."""
    missing = []
    for name, path in incident.files.items():
        data, why = _read(path)
        if data is None or why:
            missing.append(f"{name}: {why}")
        if data is not None:
            yield Piece(name, data, len(data))
    if missing:
        raise InfrastructureError("; ".join(missing))


def _read(path: Path) -> tuple[bytes | None, str]:
    """A file's bytes, None where they cannot be had; why not all of them are there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                return None, "no regular file"
            if found.st_size <= LIMIT:
                return stream.read(LIMIT), ""
            if path.suffix != ".log":
                return None, f"larger than {LIMIT >> 10:,} KiB"
            stream.seek(found.st_size - LIMIT)
            return stream.read(LIMIT), f"its last {LIMIT >> 10:,} KiB alone"
    except OSError as error:
        return None, error.strerror or type(error).__name__

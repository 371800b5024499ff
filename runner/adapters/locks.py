"""Locks between processes, held by the kernel: a killed holder holds nothing."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.adapters.files import write_atomic
from runner.adapters.shell import INTERRUPTED
from runner.errors import InfrastructureError

IGNORE = ".gitignore"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One command at a time in a solution's folder: a second one would rewrite what the first one judges.

    What Lockgate leaves there is no edit of the solution, so version control is told to leave it out.
    Raises InfrastructureError where another one is at work."""
    folder = root / ".lockgate"
    with locked(folder / "lock"):
        if not (folder / IGNORE).exists():
            write_atomic(folder / IGNORE, b"*\n")
        yield


@contextmanager
def locked(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file. `waiting` is called once where another process holds it; without it that is
    an InfrastructureError at once. An interrupt ends the wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        told = False
        while not _taken(handle.fileno()):
            if waiting is None or INTERRUPTED.is_set():
                raise InfrastructureError(
                    "another lockgate is at work here",
                    where=str(path.parent),
                    hint="wait for it to end, or work in a copy of the folder",
                )
            if not told:
                waiting()
            told = True
            time.sleep(0.1)
        yield


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

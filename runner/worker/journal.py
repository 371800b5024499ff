"""Which jobs were acknowledged and not answered yet: what a worker that was killed left behind.

A job is a file named by its id, locked by the worker that has it; the kernel lets go of the lock
when that worker dies. CodePipeline would wait for a day; the next worker here answers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from runner.adapters.locks import locked
from runner.errors import InfrastructureError


class Journal:
    """The journal in a folder that workers on one machine share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def held(self, job_id: str) -> Iterator[Callable[[], None]]:
        """For as long as this worker has the job; call what is given once it was answered."""
        path = self.folder / job_id
        with locked(path):
            yield lambda: path.unlink(missing_ok=True)

    def orphans(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Jobs whose worker is gone, each with what to call once it was answered."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.iterdir()):
            with ExitStack() as stack:
                try:
                    answered = stack.enter_context(self.held(path.name))
                except InfrastructureError:
                    continue
                yield path.name, answered

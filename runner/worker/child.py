"""The run itself: `lockgate run` as a child process, so that its crash is not the worker's.

The child is handed neither the job's credentials nor its configuration.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from runner.adapters import shell

STDERR = 2
# A run that is ended removes its test stacks first; its own stages have 120 s for that.
GRACE = 150.0
MAX_OUTPUT = 64 * 2**20
# Of the worker or of a job before, not of this run.
OWN = tuple(f"LOCKGATE_{n}" for n in ("AWS", "COMMIT", "BRANCH", "HOME", "SANDBOX_URL", "CODEPIPELINE_URL"))
FIXED = ("AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


@dataclass(frozen=True, slots=True)
class Order:
    """What is run: a solution's folder, its stages (none: all), and the commit that it is of."""

    solution: Path
    stages: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended (`code` < 0: by that signal), and its stdout; `cut`: why it was ended."""

    code: int
    output: bytes
    cut: str = ""


class Runs(Protocol):
    """`watch` is asked now and then whether the run has to end, and why; `ending` is told so
    before the child is given time to clean up."""

    def __call__(self, order: Order, watch: Callable[[], str], ending: Callable[[str], None]) -> Ended: ...


@dataclass(frozen=True, slots=True)
class ChildRuns:
    """Runs as child processes. A real AWS, or the sandbox at `sandbox_url`."""

    real: bool
    sandbox_url: str = ""
    grace: float = GRACE

    def __call__(self, order: Order, watch: Callable[[], str], ending: Callable[[str], None]) -> Ended:
        """Start, wait, read back. Raises InfrastructureError where it cannot be started."""
        argv = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(order.solution), "--json"]
        argv += [f"--stage={name}" for name in order.stages] + ["--aws"] * self.real
        with tempfile.TemporaryFile() as sink:
            process = shell.start(
                argv,
                env=self.env(order.commit),
                cwd=order.solution,
                stdout=sink,
                stderr=STDERR,
                # It cleans up even where the worker is killed.
                with_parent=signal.SIGTERM,
            )
            cut = self._wait(process, watch, ending)
            return Ended(process.returncode, _output(sink), cut)

    def _wait(self, process: shell.Process, watch: Callable[[], str], ending: Callable[[str], None]) -> str:
        cut = ""
        try:
            while process.poll() is None and not cut:
                time.sleep(0.1)
                cut = watch()
            if cut:
                ending(cut)
        finally:
            shell.end(process, self.grace)
        return cut

    def env(self, commit: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The user's tools (pip's index, proxies) and, for a real AWS, the worker's own AWS; a home
        folder of the run's own, so that one solution finds nothing that another left."""
        given = {k: v for k, v in environ.items() if k.startswith("LOCKGATE_")}
        env = {k: v for k, v in {**shell.tool_env(), **given}.items() if k not in OWN}
        if "HOME" not in environ:
            env.pop("HOME", None)
        if self.real:
            env = {k: v for k, v in env.items() if k not in FIXED} | {
                k: v for k, v in environ.items() if k.startswith("AWS_")
            }
        chosen = {"LOCKGATE_COMMIT": commit, "LOCKGATE_SANDBOX_URL": self.sandbox_url}
        return env | {name: value for name, value in chosen.items() if value}


def _output(sink: IO[bytes]) -> bytes:
    sink.seek(0)
    return sink.read(MAX_OUTPUT)

"""A contestant in a process of its own: wall time from its start to its end, and its peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """`seconds`, `memory` in GB, and the last line that was printed."""

    seconds: float
    memory: float
    said: str


def measured(argv: Sequence[str], times: int = 1, env: Mapping[str, str] | None = None) -> Measured:
    """The medians of several runs of a command. Raises SystemExit where one fails."""
    runs = [_once(argv, env) for _ in range(times)]
    seconds, memory = (
        statistics.median(getattr(run, name) for run in runs) for name in ("seconds", "memory")
    )
    return Measured(seconds, memory, runs[-1].said)


def _once(argv: Sequence[str], env: Mapping[str, str] | None) -> Measured:
    """wait4 tells the memory of the process alone (none of these starts another), but never less than what
    this one has, which it was forked from: so this one stays small."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as complaint:
        begun = time.perf_counter()
        process = subprocess.Popen(argv, env=env, stdout=out, stderr=complaint)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        complaint.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(argv)}: status {process.returncode}\n{complaint.read()[-2000:]}")
        return Measured(seconds, used.ru_maxrss / 1e6, out.read().strip().split("\n")[-1])

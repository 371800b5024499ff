"""Processes: the only module that imports subprocess.

Children get an environment that is built, never inherited whole: AWS credentials, profiles and
anything that looks like a secret stay out unless the caller puts them in by name (DESIGN rule 4).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner.errors import InfrastructureError

GRACE = 20.0
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "TERM", "COLUMNS", "NO_COLOR", "USER")
KEPT_PREFIXES = (
    "PIP_",
    "SSL_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "LOCKGATE_CACHE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "OMP_",
    "OPENBLAS_",
    "XDG_CACHE_HOME",
)


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A child's environment: a short list of harmless names, then `extra`. No AWS_*, no secrets."""
    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith(KEPT_PREFIXES)}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONHASHSEED": "0", **(extra or {})}


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended. `code` < 0: killed by that signal. `timed_out`, `over_memory`: by us."""

    code: int
    seconds: float
    output: str = ""
    timed_out: bool = False
    over_memory: bool = False
    peak_bytes: int = 0


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own, so that it can be ended whole."""
    try:
        return subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except OSError as error:
        raise InfrastructureError(f"cannot start {argv[0]}: {error}", hint="is it installed?") from error


def end(process: subprocess.Popen[bytes], grace: float = GRACE) -> None:
    """End a child and its group: SIGTERM, `grace` seconds to clean up, then SIGKILL."""
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def tree_bytes(pid: int) -> int:
    """Resident bytes of a process and its descendants; 0 where it is gone."""
    import psutil

    total = 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            total += _resident(process)
    except psutil.Error:
        pass
    return total


def _resident(process: object) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)  # type: ignore[attr-defined]
    except psutil.Error:
        return 0


def wait(
    process: subprocess.Popen[bytes],
    *,
    timeout: float,
    memory: int | None = None,
    grace: float = GRACE,
    cancelled: Callable[[], bool] = lambda: False,
) -> Completed:
    """Wait for a child within its deadline and its memory; ends the whole group in any case."""
    begun, peak, timed_out, over = time.monotonic(), 0, False, False
    try:
        while process.poll() is None:
            peak = max(peak, tree_bytes(process.pid))
            timed_out = time.monotonic() - begun > timeout
            over = memory is not None and peak > memory
            if timed_out or over or cancelled():
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    finally:
        end(process, 0.0 if process.poll() is not None else (0.5 if over else grace))
    return Completed(process.returncode, time.monotonic() - begun, "", timed_out, over, peak)


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path(),
    timeout: float = 600.0,
    log: Path | None = None,
) -> Completed:
    """Run a child to its end; stdout and stderr together, in `output` and appended to `log`."""
    import tempfile

    with tempfile.TemporaryFile() as sink:
        process = start(argv, env=clean_env() if env is None else env, cwd=cwd, stdout=sink, stderr=sink)
        done = wait(process, timeout=timeout)
        sink.seek(0)
        output = sink.read().decode("utf-8", "replace")
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(argv)}\n{output}[exit {done.code}]\n")
    return Completed(done.code, done.seconds, output, done.timed_out, done.over_memory, done.peak_bytes)

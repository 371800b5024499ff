"""Processes: the only module that imports subprocess.

Children get an environment that is built, never inherited whole: AWS credentials, profiles and
anything that looks like a secret stay out unless the caller puts them in by name (DESIGN rule 4).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO

import psutil

from runner.adapters import privileges
from runner.adapters.cache import cache_dir
from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError

PIPE = subprocess.PIPE
Process = subprocess.Popen[bytes]
TETHER = Path(__file__).with_name("tether.py")
GRACE, SAMPLE = 20.0, 0.4
# Set once the user interrupts: every wait, in whatever thread, then ends its child and returns.
INTERRUPTED = threading.Event()
TEST_ROLE, STACK_ROLE = "LOCKGATE_TEST_ROLE", "LOCKGATE_STACK_ROLE"
KEPT = (
    "PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", "TERM", "COLUMNS", "NO_COLOR", "USER",
    "JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR",
)  # fmt: skip
KEPT_OURS = (privileges.VARIABLE, TEST_ROLE)  # names of a user and of a role, no secrets
KEPT_PREFIXES = ("SSL_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OMP_", "OPENBLAS_")
# Steps run side by side, on machines with two processors: threads that wait for each other without sleeping
# take them from the other step. Measured, of two trainings at a time: 194 s instead of 17 s.
PATIENCE = {"OMP_WAIT_POLICY": "passive"}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
TOOLS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", *PROXIES, *map(str.lower, PROXIES))
HERE = "127.0.0.1,localhost,::1"


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child that runs a solution's code: a few harmless names, then `extra`.

    No AWS_*, no token, no password of a proxy; a home folder without anything in it; an AWS SDK
    that finds neither profiles nor an instance's role, whoever starts it."""
    kept = {k: v for k, v in os.environ.items() if k in (*KEPT, *KEPT_OURS) or k.startswith(KEPT_PREFIXES)}
    home = scratch_home()
    fixed = {
        "HOME": home,
        "LOCKGATE_HOME": home,
        "LOCKGATE_CACHE": str(cache_dir()),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**PATIENCE, **kept, **_proxies(), **fixed, **(extra or {})}


def tool_env() -> dict[str, str]:
    """The environment of our own tools (pip, venv, git): with the user's home, index and proxies."""
    own = {k: v for k, v in os.environ.items() if k in TOOLS or k.startswith("PIP_")}
    return {k: v for k, v in clean_env().items() if k != "PYTHONDONTWRITEBYTECODE"} | own


def _proxies() -> dict[str, str]:
    """The proxies without who uses them; this machine is reached without any."""
    named = {n: os.environ[n] for base in PROXIES for n in (base, base.lower()) if os.environ.get(n)}
    found = {n: re.sub(r"//[^/@]*@", "//", value) for n, value in named.items()}
    for name in ("NO_PROXY", "no_proxy"):
        found[name] = ",".join(filter(None, (found.get(name), HERE)))
    return found


@cache
def scratch_home() -> str:
    """An empty home folder for the length of this process; a stage's process shares its parent's."""
    given = os.environ.get("LOCKGATE_HOME")
    if given:
        return given
    folder = tempfile.mkdtemp(prefix="lockgate-home-")
    privileges.give(Path(folder))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def aws_env() -> dict[str, str]:
    """The AWS variables that the parent of a stage's process chose to hand to it."""
    return {k: v for k, v in os.environ.items() if k.startswith("AWS_")}


@dataclass(frozen=True, slots=True)
class Completed:
    """How a process ended. `code` < 0: killed by that signal. `ended_by_us`: it did not end by
    itself, but for its deadline (`timed_out`), its memory, or because the user interrupted."""

    code: int
    seconds: float
    output: str = ""
    timed_out: bool = False
    over_memory: bool = False
    peak_bytes: int = 0
    ended_by_us: bool = False


def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
    pass_fds: Sequence[int] = (),
    with_parent: int | None = None,
    untrusted: bool = False,
) -> Process:
    """Start a child in a process group of its own, so that it can be ended whole.

    `with_parent`: the signal that ends it should this process die first (Linux).
    `untrusted`: it executes a solution's code, so it is not run as root where there is a test user."""
    if shutil.which(argv[0], path=env.get("PATH", os.defpath)) is None:
        raise InfrastructureError(
            f"cannot start {argv[0]}: there is no such program", hint="is it installed?"
        )
    try:
        return subprocess.Popen(
            [*_tether(with_parent, untrusted), *argv],
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


def _tether(number: int | None, untrusted: bool) -> list[str]:
    user = privileges.test_user() if untrusted else None
    ends_with = number if number and sys.platform == "linux" else 0
    if not ends_with and user is None:
        return []
    name = user.pw_name if user else ""
    return [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(ends_with)), name]


def end(process: Process, grace: float = GRACE) -> None:
    """End a child, its group and its descendants: SIGTERM, `grace` seconds to clean up, SIGKILL."""
    below = _descendants(process.pid) if process.poll() is None else []
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    _signal_group(process, signal.SIGKILL)
    for descendant in below:  # those that made a session of their own
        with contextlib.suppress(psutil.Error):
            descendant.kill()
    process.wait()
    deadline = time.monotonic() + 1.0  # SIGKILL is certain, but not done when kill(2) returns
    while any(map(_runs, below)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    """A zombie does not; whether anybody reaps it is not ours to say."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _signal_group(process: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def tree_bytes(pid: int) -> int:
    """Resident bytes of a process and its descendants; 0 where it is gone."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for process in [psutil.Process(pid), *_descendants(pid)]:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def wait(
    process: Process,
    *,
    timeout: float,
    memory: int | None = None,
    grace: float = GRACE,
) -> Completed:
    """Wait for a child within its deadline and its memory; ends the whole group in any case."""
    begun, peak, timed_out, over = time.monotonic(), 0, False, False
    sampled = 0.0
    try:
        while process.poll() is None:
            now = time.monotonic()
            if now - sampled > SAMPLE:  # walking the process table costs milliseconds
                peak, sampled = max(peak, tree_bytes(process.pid)), now
            timed_out = now - begun > timeout
            over = memory is not None and peak > memory
            if timed_out or over or INTERRUPTED.is_set():
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    finally:
        ended = process.poll() is not None
        end(process, 0.0 if ended else 0.5 if over else grace)
    return Completed(process.returncode, time.monotonic() - begun, "", timed_out, over, peak, not ended)


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path(),
    timeout: float = 600.0,
    log: Path | None = None,
    untrusted: bool = False,
) -> Completed:
    """Run a child to its end; stdout and stderr together, in `output` and appended to `log`."""
    with tempfile.TemporaryFile() as sink:
        process = start(
            argv,
            env=clean_env() if env is None else env,
            cwd=cwd,
            stdout=sink,
            stderr=sink,
            with_parent=signal.SIGKILL,
            untrusted=untrusted,
        )
        done = wait(process, timeout=timeout)
        sink.seek(0)
        output = sink.read().decode("utf-8", "replace")
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        said = SECRECY.redactor().text(f"$ {' '.join(argv)}\n{output}[exit {done.code}]\n")
        with log.open("a", encoding="utf-8") as stream:
            stream.write(said)
    return replace(done, output=output)

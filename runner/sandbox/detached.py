"""The sandbox that outlives a command: `lockgate sandbox up | down | status`.

A state file in the cache says where it is. Nothing in it is believed: a process is ours only if
its pid, its creation time and its command line agree, so a recycled pid is never signalled.
"""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.adapters.cache import cache_dir
from runner.adapters.files import write_atomic
from runner.sandbox.process import health, require_pinned, start_detached
from runner.sandbox.scratch import PREFIX

MODULE = "runner.sandbox.server"


@dataclass(frozen=True, slots=True)
class State:
    """Where a detached sandbox is; `created` is its process's creation time (epoch seconds)."""

    url: str
    pid: int
    created: float
    log: str
    scratch: str


def up(cache: Path | None = None) -> State:
    """The running detached sandbox, started where there is none. Raises InfrastructureError."""
    cache = cache or cache_dir()
    with _locked(cache):
        if found := status(cache):
            return found
        down(cache, locked=True)
        sandbox = start_detached(cache / "sandbox.log", cache)
        state = State(sandbox.url, sandbox.pid, _created(sandbox.pid), str(sandbox.log), str(sandbox.scratch))
        write_atomic(_file(cache), json.dumps(asdict(state)).encode())
        return state


def status(cache: Path | None = None) -> State | None:
    """The running detached sandbox; None where there is none, or where what was is gone.

    Raises InfrastructureError where it answers with another version than the pinned one."""
    state = _read(cache or cache_dir())
    if state is None or not _is_ours(state):
        return None
    told = health(state.url)
    if told is None:
        return None
    require_pinned(told.get("version"), state.url)
    return state


def down(cache: Path | None = None, *, locked: bool = False) -> bool:
    """Stop the detached sandbox and forget it; True if one was running."""
    cache = cache or cache_dir()
    if not locked:
        with _locked(cache):
            return down(cache, locked=True)
    state = _read(cache)
    running = state is not None and _is_ours(state)
    if state is not None:
        if running:
            _end(state)
        _clear(state)
    _file(cache).unlink(missing_ok=True)
    return running


def _file(cache: Path) -> Path:
    return cache / "sandbox.json"


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the lock goes with its holder."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "sandbox.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read(cache: Path) -> State | None:
    try:
        told = json.loads(_file(cache).read_bytes())
        state = State(**told)
        return state if isinstance(state.pid, int) and state.pid > 1 else None
    except (OSError, ValueError, TypeError):
        return None


def _created(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).create_time())


def _is_ours(state: State) -> bool:
    import psutil

    try:
        process = psutil.Process(state.pid)
        same = abs(process.create_time() - float(state.created)) < 1.0
        return same and MODULE in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, TypeError, ValueError):
        return False


def _end(state: State) -> None:
    """SIGTERM, then SIGKILL, to the process and those it started (Lambda workers)."""
    import psutil

    try:
        process = psutil.Process(state.pid)
        family = [process, *process.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=2.0)
        for straggler in alive:
            straggler.kill()
        psutil.wait_procs(alive, timeout=2.0)
    except psutil.NoSuchProcess:
        pass


def _clear(state: State) -> None:
    """Remove the scratch folder, if what the state file names is one."""
    import shutil

    scratch = Path(str(state.scratch))
    if scratch.parent == Path(tempfile.gettempdir()) and scratch.name.startswith(PREFIX):
        shutil.rmtree(scratch, ignore_errors=True)

"""Starting a ministack process and knowing that it is ours, well and of the pinned version."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from runner.adapters import privileges, shell
from runner.adapters.cache import cache_dir
from runner.adapters.output import SECRECY
from runner.adapters.pump import pumped_log
from runner.errors import InfrastructureError
from runner.sandbox import MINISTACK
from runner.sandbox.bare import bare_python
from runner.sandbox.scratch import new_scratch, sweep_scratch

START_SECONDS = 30.0
STDOUT = 1  # the descriptor: a file of that name cannot always be opened
SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "MINISTACK_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "LOG_LEVEL": "INFO",
}
# A copy of a function that nobody calls holds its memory and its unpacked code for five minutes.
LONG_LIVED = {"LAMBDA_WARM_TTL_SECONDS": "60"}


@dataclass(slots=True)
class Sandbox:
    """A running local AWS; as a context manager it is stopped at the end."""

    url: str
    pid: int
    log: Path
    scratch: Path
    is_alive: Callable[[], bool] = field(repr=False)
    end: Callable[[], None] = field(repr=False)
    lifeline: int = -1

    def stop(self) -> None:
        """End the whole process group and remove its scratch files; twice is as good as once."""
        self.end()
        if self.lifeline >= 0:
            os.close(self.lifeline)
            self.lifeline = -1
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_embedded(log_dir: Path, cache: Path | None = None) -> Sandbox:
    """Start a local AWS that dies with this process, on a free loopback port.

    Its log is log_dir/sandbox.log. Raises InfrastructureError where it does not come up."""
    return _start(log_dir / "sandbox.log", cache or cache_dir(), embedded=True)


def start_detached(log: Path, cache: Path) -> Sandbox:
    """Start a local AWS that outlives this process."""
    return _start(log, cache, embedded=False)


def start_foreground(host: str, port: int, name: str, cache: Path | None = None) -> Sandbox:
    """Start a local AWS that dies with this process and logs to its stdout, listening on host:port.

    `name` is the host name in the URLs that it gives out, and by which its Lambdas reach it. Raises
    InfrastructureError where it is not installed; whether it comes up is told by `health`."""
    # Functions would be sent to 127.0.0.1, and sign URLs with it that nobody else can use.
    told = {"MINISTACK_HOST": name, "AWS_ENDPOINT_URL": f"http://{name}:{port}"}
    settings = {"BIND_HOST": host, "GATEWAY_PORT": str(port), **told, **LONG_LIVED}
    return _launch(_prepared(cache or cache_dir()), settings, Path("stdout"), STDOUT, embedded=True)


def health(url: str, timeout: float = 2.0) -> dict[str, Any] | None:
    """What ministack says of itself, None where nothing (or something else) answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/_ministack/health", timeout=timeout) as answer:
            told = json.loads(answer.read(1_000_000))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def require_pinned(version: str | None, where: str) -> None:
    """Refuse another ministack than the one everything was proven against."""
    if version != MINISTACK:
        raise InfrastructureError(
            f"ministack {version or 'of unknown version'} is not the pinned {MINISTACK}",
            where=where,
            hint=f"pip install ministack=={MINISTACK}, or restart the sandbox with that version",
        )


def _installed() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ministack")
    except PackageNotFoundError:
        raise InfrastructureError(
            "the local AWS is not installed", where="sandbox", hint="pip install 'lockgate[sandbox]'"
        ) from None


def _prepared(cache: Path) -> Path:
    """The bare interpreter; what is installed is the pinned one, and what the dead left is swept."""
    require_pinned(_installed(), "sandbox")
    bare = bare_python(cache)
    sweep_scratch()
    return bare


def _start(log: Path, cache: Path, *, embedded: bool) -> Sandbox:
    bare = _prepared(cache)
    log.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(3):  # the free port may be taken between finding and binding it
        sandbox = _spawn(bare, log, embedded)
        try:
            if _comes_up(sandbox):
                return sandbox
        except BaseException:
            sandbox.stop()
            raise
        sandbox.stop()
    raise InfrastructureError("the local AWS does not start", where=str(log), hint="its log says why")


def _spawn(bare: Path, log: Path, embedded: bool) -> Sandbox:
    chosen = {"GATEWAY_PORT": str(_free_port())}
    if not embedded:  # it outlives this process, and so whatever would filter its log
        with log.open("wb") as sink:
            return _launch(bare, chosen, log, sink, embedded=False)
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        output = stack.enter_context(pumped_log(log, SECRECY.redactor()))
        sandbox = _launch(bare, chosen, log, output.write, embedded=True)
        output.start()
        stack.callback(sandbox.end)  # first the process ends, then its log
        sandbox.end = stack.pop_all().close
    return sandbox


def _launch(
    bare: Path, chosen: Mapping[str, str], log: Path, sink: IO[bytes] | int, *, embedded: bool
) -> Sandbox:
    """The process, with settings that were chosen over the usual ones, and its output in `sink`."""
    scratch, lock = new_scratch()
    privileges.give(scratch)
    settings = {**SETTINGS, **chosen, "TMPDIR": str(scratch), "HOME": str(scratch)}
    read, write = os.pipe() if embedded else (-1, -1)
    argv = [sys.executable, "-P", "-m", "runner.sandbox.server", str(bare), str(scratch)]
    try:
        process = shell.start(
            argv + [str(read)] * embedded,
            env=shell.clean_env(settings),
            cwd=scratch,
            stdout=sink,
            stderr=sink,
            pass_fds=[lock] + [read] * embedded,
            untrusted=True,  # it executes Lambda code
        )
    finally:
        os.close(lock)
        if embedded:
            os.close(read)
    return Sandbox(
        f"http://{settings['MINISTACK_HOST']}:{settings['GATEWAY_PORT']}",
        process.pid,
        log,
        scratch,
        lambda: process.poll() is None,
        partial(shell.end, process, 2.0),
        write,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _comes_up(sandbox: Sandbox) -> bool:
    """Wait until it serves. The log must say so as well: another process may own the port."""
    deadline = time.monotonic() + START_SECONDS
    mark = f"Running on {sandbox.url}".encode()
    while time.monotonic() < deadline and sandbox.is_alive():
        if mark in sandbox.log.read_bytes() and (told := health(sandbox.url)):
            require_pinned(told.get("version"), sandbox.url)
            return True
        time.sleep(0.05)
    return False

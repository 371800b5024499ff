"""The pipe over which a pytest session reports, and what was heard on it.

The parent owns both ends' meaning: it made the pipe, it chose the nonce, and it believes a
session only if every line parses and the last one is the sentinel with that nonce.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from runner.adapters import shell
from runner.adapters.output import SECRECY
from runner.adapters.pump import Pump, pumped, pumped_log
from runner.errors import InfrastructureError

# Set by a host that reads the stage's stderr as its log: the descriptor to write to.
LOG_FD = "LOCKGATE_LOG_FD"
REPORT_LIMIT = 64 * 2**20
# Shorter than what the stage itself is given: it has a stack to remove when its tests are gone.
TESTS_GRACE = 5.0


@dataclass(slots=True)
class Heard:
    """What a session said and how it ended. `damage` says why the report cannot be believed."""

    ids: list[str] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    code: int = 0
    damage: str = ""
    last_line: str = ""

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        return f"was killed by signal {-self.code}" if self.code < 0 else f"ended with status {self.code}"


def listen(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float, log: Path) -> Heard:
    """Run a pytest session with our reporter and return what it reported. What it prints goes into
    `log`, or through the stage's own stderr where a host takes that for the log."""
    read, write = os.pipe()
    nonce, chunks = secrets.token_hex(16), bytearray()
    with _output(log) as output, os.fdopen(read, "rb", buffering=0) as stream:
        process = shell.start(
            argv,
            cwd=cwd,
            stdout=output.write,
            stderr=output.write,
            pass_fds=[write],
            with_parent=signal.SIGKILL,
            untrusted=True,
            env={**env, "LOCKGATE_CHANNEL": str(write), "LOCKGATE_NONCE": nonce},
        )
        os.close(write)
        output.start()
        reader = threading.Thread(target=_drain, args=(stream, chunks), daemon=True)
        reader.start()
        done = shell.wait(process, timeout=timeout, grace=TESTS_GRACE)
        # A process that escaped the group may hold the pipe open: what counts was said before.
        reader.join(2.0)
    if done.timed_out:
        raise InfrastructureError(
            f"the suites did not finish within {timeout:.0f} s",
            where=str(log),
            hint="raise the stage's timeout, or find the test that hangs",
        )
    heard = parse(bytes(chunks), nonce, done.code)
    heard.last_line = output.last_line()
    return heard


def _output(log: Path) -> AbstractContextManager[Pump]:
    """Where a session's output goes, without the secrets that this process knows."""
    redactor = SECRECY.redactor()
    if descriptor := os.environ.get(LOG_FD):
        return pumped(partial(os.write, int(descriptor)), redactor)
    return pumped_log(log, redactor)


def _drain(stream: Any, chunks: bytearray) -> None:
    try:
        while data := stream.read(65_536):
            chunks.extend(data[: REPORT_LIMIT + 1 - len(chunks)])
    except (OSError, ValueError):
        return


def parse(data: bytes, nonce: str, code: int) -> Heard:
    """What was said, line by line; `damage` unless every line is known and the last one the sentinel."""
    heard, finished = Heard(code=code), False
    if len(data) > REPORT_LIMIT:
        heard.damage = f"its report is larger than {REPORT_LIMIT >> 20} MiB"
        return heard
    for line in data.splitlines():
        try:
            finished = _take(heard, json.loads(line), nonce)
        except (ValueError, TypeError, KeyError, AttributeError):
            heard.damage = f"its report does not parse at {line[:60]!r}"
    if not finished and not heard.damage:
        heard.damage = "its report ends before the completion sentinel"
    return heard


def _take(heard: Heard, event: dict[str, Any], nonce: str) -> bool:
    """Take one event in; True if it is the sentinel of this very session."""
    if event["event"] == "collected":
        heard.ids.extend(str(i) for i in event["ids"])
    elif event["event"] == "check":
        heard.checks.append({**event, "id": str(event["id"]), "outcome": str(event["outcome"])})
    elif event["event"] == "finish" and event["nonce"] == nonce:
        return True
    else:
        raise ValueError("unknown event or another session's nonce")
    return False

"""Every HTTP request that boto3 sends, seen and spoilt: throttled, broken, its answer lost, or the last one.

A hook of botocore's own sits in all clients that are made while it is planted, whoever makes them. It sends
each request itself, so one whose answer gets lost, or after which the process is killed, was carried out.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from runner.adapters.aws import Aws, AwsTarget, boto_clients
from runner.release.reads import is_read

THROTTLED, BROKEN, LOST, KILLED = "throttled", "broken", "lost", "killed"
FAULTS = (THROTTLED, BROKEN, LOST)
REFUSED = 400  # from this status on, nothing was changed
Fate = Callable[[int, int, str], str]
NAMES = {"cloudwatch-logs": "logs", "sfn": "stepfunctions"}  # an event's name of a service -> boto3's


@dataclass(frozen=True)
class Call:
    """An attempt: what it was and the thread that made it. `status`: 0 where it never reached the service."""

    name: str
    is_read: bool
    thread: int
    status: int

    @property
    def is_write(self) -> bool:
        """Whether it may have changed something; a conditional write that was refused did not."""
        return not self.is_read and 0 < self.status < REFUSED


@dataclass
class Wire:
    """`fate` is asked of each attempt: its number from 1, its number among the writes (0 for a read) and its
    name; '' lets it pass. `after` is told that number of each that was sent. `calls`: all, as they ended."""

    fate: Fate = lambda number, write, name: ""
    after: Callable[[int], None] = lambda write: None
    calls: list[Call] = field(default_factory=list)
    attempts: int = 0
    tried: int = 0  # of those, the writes
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def writes(self) -> list[str]:
        """The names of those that changed something."""
        return [call.name for call in self.calls if call.is_write]

    def planned(self, fate: Fate, after: Callable[[int], None] = lambda write: None) -> Wire:
        """Begin to count anew, with other fates."""
        self.fate, self.after, self.calls, self.attempts, self.tried = fate, after, [], 0, 0
        return self

    def send(self, session: Any, request: Any, service: str, operation: str) -> Any:
        """One attempt and what becomes of it."""
        name, reads = f"{service}.{operation}", is_read(service, operation)
        with self.lock:
            self.attempts, self.tried = self.attempts + 1, self.tried + (not reads)
            number, write = self.attempts, 0 if reads else self.tried
        fate = self.fate(number, write, name)
        if fate in (THROTTLED, BROKEN):
            self._seen(name, reads, 0)
            return answer(request, service, fate)
        told = session.send(request)
        self._seen(name, reads, told.status_code)
        self.after(write)
        return told if not fate else _gone(request, fate)

    def _seen(self, name: str, reads: bool, status: int) -> None:
        self.calls.append(Call(name, reads, threading.get_ident(), status))


def _gone(request: Any, fate: str) -> None:
    from botocore.exceptions import ConnectionClosedError

    if fate == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    raise ConnectionClosedError(endpoint_url=request.url)


class Raw(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def answer(request: Any, service: str, fate: str) -> Any:
    """A service's own way to say that it is asked too much, or is broken."""
    from botocore.awsrequest import AWSResponse

    status, code = _said(service, fate)
    body = f"<Error><Code>{code}</Code><Message>{fate}</Message></Error>"
    if service != "s3":
        body = f"<ErrorResponse>{body}</ErrorResponse>"
    headers = {"x-amzn-errortype": code}
    if service == "lambda":
        body = json.dumps({"message": fate})
    return AWSResponse(request.url, status, headers, Raw(body.encode()))


def _said(service: str, fate: str) -> tuple[int, str]:
    if fate == BROKEN:
        return 500, {"s3": "InternalError", "lambda": "ServiceException"}.get(service, "InternalFailure")
    return {"s3": (503, "SlowDown"), "lambda": (429, "TooManyRequestsException")}.get(
        service, (400, "Throttling")
    )


@contextmanager
def planted(wire: Wire) -> Iterator[None]:
    """Every client that is made here goes through the wire."""
    from botocore.handlers import BUILTIN_HANDLERS
    from botocore.httpsession import URLLib3Session

    sessions: dict[int, Any] = {}  # a forked process has connections of its own

    def hook(request: Any, event_name: str, **_: Any) -> Any:
        _, service, operation = event_name.split(".")
        session = sessions.setdefault(os.getpid(), URLLib3Session(max_pool_connections=64))
        return wire.send(session, request, NAMES.get(service, service), operation)

    entry = ("before-send", hook)
    BUILTIN_HANDLERS.append(entry)
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove(entry)


def connecting(target: AwsTarget, *services: str) -> Callable[[AwsTarget], Aws]:
    """How a World reaches AWS: by clients that are made now, once, and not for each command."""
    clients = boto_clients(target)
    for service in services:
        clients(service)
    return lambda asked: Aws(asked, clients)

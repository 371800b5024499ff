"""Signals during a run: the children end and clean up, what there is gets judged and reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from runner.adapters.shell import INTERRUPTED
from runner.errors import Interrupted, LockgateError

EXIT_INTERRUPTED = Interrupted.exit_code
# SIGHUP: the terminal was closed, or the connection to it lost.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """The first signal ends the children; a second one ends this process at once."""

    def interrupt(number: int, frame: object) -> None:
        INTERRUPTED.set()
        for each in SIGNALS:
            signal.signal(each, signal.default_int_handler)

    INTERRUPTED.clear()
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stoppable(hint: str) -> Iterator[None]:
    """For work that goes on where it was left: the first signal ends it at the next `require_running`.

    Whatever it ends with then is told as the interruption, with `hint`: Interrupted."""
    with interruptible():
        try:
            yield
        except LockgateError as error:
            if not INTERRUPTED.is_set():
                raise
            raise Interrupted("interrupted", hint=hint) from error
        finally:
            INTERRUPTED.clear()


def require_running() -> None:
    """Called before each change and while waiting; raises Interrupted once there was a signal."""
    if INTERRUPTED.is_set():
        raise Interrupted("interrupted")


def nap(seconds: float) -> None:
    """Wait, but not longer than until a signal."""
    INTERRUPTED.wait(seconds)

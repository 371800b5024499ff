"""Signals during a run: the children end and clean up, what there is gets judged and reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from runner.adapters.shell import INTERRUPTED

EXIT_INTERRUPTED = 130
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

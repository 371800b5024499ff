"""A child's output on its way into a log: through a pipe, without the secrets."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runner.adapters.redact import Redactor

CHUNK, TAIL = 65_536, 10_000
# After its process is gone, a pipe that somebody still holds open is listened to this much longer.
LINGER = 2.0


class Pump:
    """Reads a pipe to its end in a thread and hands what may be shown to `sink`, in order, as soon as
    it is decided. What cannot be written (a full disk, a closed pipe) never stops the child."""

    def __init__(self, sink: Callable[[bytes], object], redactor: Redactor) -> None:
        self.sink, self.filter, self.last = sink, redactor.stream(), b""
        self.lock, self.ended = threading.Lock(), False
        self.read, self.write = os.pipe()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """The child has its end: ours is closed, so that the pipe ends with the child."""
        os.close(self.write)
        self.thread.start()

    def finish(self) -> None:
        """Everything that was said is in the sink when this returns; nothing comes after it."""
        self.thread.join(LINGER)
        with self.lock:
            if not self.ended:
                self._put(self.filter.close())
            self.ended = True

    def last_line(self) -> str:
        """What was said last."""
        lines = self.last.decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")

    def _run(self) -> None:
        while data := os.read(self.read, CHUNK):
            with self.lock:
                if self.ended:
                    break
                self._put(self.filter.feed(data))
        os.close(self.read)

    def _put(self, data: bytes) -> None:
        self.last = (self.last + data)[-TAIL:]
        with suppress(OSError, ValueError):
            while data:
                written = self.sink(data)
                data = data[written if isinstance(written, int) else len(data) :]


@contextmanager
def pumped(sink: Callable[[bytes], object], redactor: Redactor) -> Iterator[Pump]:
    """A pump for one child: give it `pump.write`, then call `start`; it is finished at the end."""
    pump = Pump(sink, redactor)
    try:
        yield pump
    finally:
        if not pump.thread.ident:  # the child could not be started
            pump.start()
        pump.finish()


@contextmanager
def pumped_log(log: Path, redactor: Redactor) -> Iterator[Pump]:
    """A pump whose sink is a file, appended to."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab", buffering=0) as stream, pumped(stream.write, redactor) as pump:
        yield pump

"""Sources of evidence, asked side by side, each bounded in size, all in time. Never raises.

A source is a generator of pieces. What it gave before it failed, or before its time was up, is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runner.errors import LockgateError
from runner.text import reason

SECONDS = 20.0  # for all sources together
BYTES = 4 * 2**20  # of one source, before compression
Outcome = Literal["collected", "nothing", "partial", "failed", "not asked"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file of the bundle: bytes, a line of a log, or anything that is JSON; `size` in bytes."""

    file: str
    value: Any
    size: int


Source = Callable[[], Iterator[Piece]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a source gave, and how that ended; `why` unless all of it was collected."""

    source: str
    outcome: Outcome
    pieces: tuple[Piece, ...] = ()
    why: str = ""


@dataclass(slots=True)
class _Asking:
    """A source at work in its thread; once closed it is read no more."""

    name: str
    pieces: list[Piece] = field(default_factory=list)
    size: int = 0
    why: str = ""
    ended: bool = False
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, source: Source, limit: int) -> None:
        try:
            for piece in source():
                if not self._take(piece, limit):
                    break
        except Exception as error:  # whatever it is, evidence that is missing is told, not raised
            self._end(error.what if isinstance(error, LockgateError) else reason(error))
        else:
            self._end("")

    def _take(self, piece: Piece, limit: int) -> bool:
        with self.lock:
            if self.closed:
                return False
            if self.size + piece.size > limit:
                self.why = f"there is more than {limit >> 10:,} KiB"
                return False
            self.pieces.append(piece)
            self.size += piece.size
            return True

    def _end(self, why: str) -> None:
        with self.lock:
            self.why, self.ended = self.why or why, True

    def result(self, seconds: float) -> Gathered:
        with self.lock:
            self.closed = True
            why = self.why or ("" if self.ended else f"its time of {seconds:.0f} s was up")
            if why:
                return Gathered(self.name, "partial" if self.pieces else "failed", tuple(self.pieces), why)
            return Gathered(self.name, "collected" if self.pieces else "nothing", tuple(self.pieces))


def gather(
    sources: Mapping[str, Source | str], *, seconds: float = SECONDS, limit: int = BYTES
) -> list[Gathered]:
    """Ask every source, in a thread of its own; what is not there in time is not waited for. A text in a
    source's place says why it is not asked."""
    deadline = time.monotonic() + seconds
    asked = {name: _started(name, source, limit) for name, source in sources.items() if callable(source)}
    for _, thread in asked.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    return [
        asked[name][0].result(seconds) if callable(source) else Gathered(name, "not asked", (), source)
        for name, source in sources.items()
    ]


def _started(name: str, source: Source, limit: int) -> tuple[_Asking, threading.Thread]:
    asking = _Asking(name)
    thread = threading.Thread(target=asking.work, args=(source, limit), daemon=True)
    thread.start()
    return asking, thread

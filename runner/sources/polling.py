"""A query that runs elsewhere, looked at until it has ended, and stopped when its time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from runner.errors import InfrastructureError

FIRST, LAST = 0.1, 2.0  # seconds between two looks: soon at first, then patiently
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as far as waiting needs it."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


def awaited(
    look: Callable[[], T | None], seconds: float, stop: Callable[[], None], where: str, clock: Clock
) -> T:
    """What `look` gives once it gives something. After `seconds` InfrastructureError is raised; whatever ends
    the waiting, the query is stopped: it would go on, and cost."""
    until, rest = clock.now() + seconds, FIRST
    try:
        while (found := look()) is None:
            if clock.now() > until:
                told = f"a query was stopped after {seconds:g} s (statement_timeout)"
                raise InfrastructureError(told, where=where)
            clock.pause(rest)
            rest = min(rest * 1.5, LAST)
    except BaseException:
        with suppress(InfrastructureError):
            stop()
        raise
    return found

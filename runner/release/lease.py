"""Who may change an environment now: a lease with a fencing sequence, in one object that is only ever
replaced by compare-and-swap (S3's `If-Match`).

A lease that nobody renews ends by itself, so a dead holder keeps nothing. Each new holder has a higher
sequence. `check` is called before every call that changes something: it reads the object again, so a
holder that slept through its time finds that another one has it, and stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from runner import wire
from runner.errors import InfrastructureError

TTL = timedelta(seconds=90)


class Busy(InfrastructureError):
    """Somebody else changes the environment now."""


class Lost(InfrastructureError):
    """The lease went to another while this process was at work."""


class Cell(Protocol):
    """One object with a version tag. `swap` writes only over the tag that it is given (None: over
    nothing), and says None where something else stands there. Both raise InfrastructureError."""

    @property
    def url(self) -> str: ...
    def read(self) -> tuple[bytes, str] | None: ...
    def swap(self, data: bytes, tag: str | None) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Holding:
    """What the object says. `holder` is '' where nobody has it; times are ISO 8601 in UTC."""

    sequence: int
    holder: str
    what: str
    by: str
    since: str
    until: str

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.until).utcoffset() is None:
            raise ValueError("`until` has no time zone")

    def is_held(self, now: datetime) -> bool:
        return bool(self.holder) and now < datetime.fromisoformat(self.until)


@dataclass(slots=True)
class Lease:
    """One holder's view. `holder` is unique to this process; `clock` gives aware times in UTC."""

    cell: Cell
    holder: str
    by: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ttl: timedelta = TTL
    mine: Holding | None = field(default=None, init=False)
    tag: str | None = field(default=None, init=False)

    def look(self) -> Holding | None:
        """Who has it now; None where nobody ever had."""
        found = self.cell.read()
        return self._parsed(found[0]) if found else None

    def acquire(self, what: str) -> int:
        """Take it; its sequence. Raises Busy, naming who has it, and has then written nothing."""
        found, now = self.cell.read(), self.clock()
        before = self._parsed(found[0]) if found else None
        if before and before.is_held(now) and before.holder != self.holder:
            raise self._busy(before)
        sequence = before.sequence + 1 if before else 1
        mine = Holding(sequence, self.holder, what, self.by, _iso(now), _iso(now + self.ttl))
        if not self._swap(mine, found[1] if found else None):
            raise self._busy(self.look())
        return sequence

    def check(self) -> None:
        """Called before each change. Raises Lost unless this process still has the lease; renews it in
        its second half. An expired one that nobody took is still ours: the swap proves it."""
        found = self.cell.read()
        if self.mine is None or found is None or self._parsed(found[0]) != self.mine:
            raise self._lost(self._parsed(found[0]) if found else None)
        self.tag, now = found[1], self.clock()
        if now > datetime.fromisoformat(self.mine.until) - self.ttl / 2 and not self._swap(
            replace(self.mine, until=_iso(now + self.ttl)), self.tag
        ):
            raise self._lost(self.look())

    def release(self) -> None:
        """Give it back, if it is still ours."""
        if self.mine is not None:
            free = replace(self.mine, holder="", until=_iso(self.clock()))
            self._swap(free, self.tag)
            self.mine = None

    def _swap(self, holding: Holding, tag: str | None) -> bool:
        """Write it; a write whose answer was lost is found by reading."""
        new = self.cell.swap(wire.dump(holding), tag)
        if new is None:
            found = self.cell.read()
            if not found or self._parsed(found[0]) != holding:
                return False
            new = found[1]
        self.mine, self.tag = holding, new
        return True

    def _parsed(self, data: bytes) -> Holding:
        try:
            holding: Holding = wire.loads(data, Holding, self.cell.url)
        except InfrastructureError as error:
            error.hint = "once nobody is at work there, delete this object: the next holder writes it anew"
            raise
        return holding

    def _busy(self, other: Holding | None) -> Busy:
        who = f"{other.what}, by {other.by}, since {other.since}" if other else "another one"
        return Busy(
            f"the environment is being changed: {who}",
            where=self.cell.url,
            hint=f"wait for it; if it is dead, its lease ends at {other.until}" if other else "try again",
        )

    def _lost(self, other: Holding | None) -> Lost:
        who = f"{other.what}, by {other.by}" if other and other.holder else "nobody"
        return Lost(
            f"the lease is no longer this process's; it belongs to {who}",
            where=self.cell.url,
            hint="nothing was changed after it was lost; `lockgate status` says what runs",
        )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")

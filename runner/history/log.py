"""An append-only log over write-once records, in which an identity (a digest, a run) stands once.

    SLOTS/00000017.json     the record: whoever creates the file has the number
    INDEX/IDENTITY.json     {"number": 17}, to find it by

A record takes the slot after the last one, and only when the last one's index entry stands. So all
records but the last are in the index: an identity that is neither there nor in the last slot is new.
That makes creating the slot the one step that counts. A kill after it loses at most the last index
entry, which the next call writes; two who try the same slot are told apart by the store.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from runner import wire
from runner.errors import InfrastructureError
from runner.history.names import SLOT, slot, word
from runner.history.store import Records

# Each lost race is another's record, so this many writers at the same moment come through.
ATTEMPTS = 200
READERS = 16


class Record(Protocol):
    """What a log holds: it knows its own place and what it is found by."""

    @property
    def number(self) -> int: ...
    @property
    def identity(self) -> str: ...


R = TypeVar("R", bound=Record)


def pause(tries: int) -> None:
    """Spread the writers that lost a race, ever longer (full jitter), up to a second."""
    time.sleep(random.uniform(0, min(0.01 * 2**tries, 1.0)))  # noqa: S311  no secret


@dataclass(frozen=True, slots=True)
class Log(Generic[R]):
    """A log of records of one kind below `slots`, found through `index`."""

    records: Records
    slots: str
    index: str
    kind: type[R]
    pause: Callable[[int], None] = pause

    def claim(self, identity: str, make: Callable[[R | None], R]) -> tuple[R, R]:
        """The identity's record and the last one, the same if it is the newest.

        A new identity gets the record that `make(last)` gives, at the next place. Raises
        InfrastructureError where the store fails or holds what is no record."""
        for tries in range(1, ATTEMPTS + 1):
            last = self.last()
            if last is None or self._is_indexed(last):
                if last is not None and (found := self.find(identity)):
                    return found, last
                mine = make(last)
                if self.records.put(slot(self.slots, mine.number), wire.dump(mine)):
                    self._is_indexed(mine)
                    return mine, mine
            self.pause(tries)
        raise InfrastructureError(
            f"no number could be had in {ATTEMPTS} tries", where=f"{self.records.url}/{self.slots}"
        )

    def last(self) -> R | None:
        """The newest record; None where there is none."""
        number = self._count()
        return self.read(number) if number else None

    def all(self) -> list[R]:
        """Every record, oldest first. One that was not listed is read first: it is missing, and then nothing
        else is read, or it was written meanwhile."""
        listed = self._numbers()
        last = max(listed, default=0)
        for number in range(1, last + 1) if len(listed) < last else ():
            if number not in listed:
                self.read(number)
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(self.read, range(1, last + 1)))

    def latest(self, count: int) -> list[R]:
        """The last `count` records, newest first."""
        last = self._count()
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(self.read, range(last, max(last - count, 0), -1)))

    def find(self, identity: str) -> R | None:
        """The record of an identity, None where the index has none."""
        raw = self.records.get(self._entry(identity))
        if raw is None:
            return None
        record = self.read(self._number(raw, identity))
        if record.identity != identity:
            raise self._damaged(self._entry(identity), f"leads to {record.identity[:80]!r}")
        return record

    def read(self, number: int) -> R:
        """The record at a place; raises InfrastructureError where there is none, or another's."""
        key = slot(self.slots, number)
        raw = self.records.get(key)
        if raw is None:
            raise self._damaged(key, "is missing")
        record: R = wire.loads(raw, self.kind, f"{self.records.url}/{key}")
        if record.number != number:
            raise self._damaged(key, f"says that it is number {record.number}")
        return record

    def _count(self) -> int:
        return max(self._numbers(), default=0)

    def _numbers(self) -> set[int]:
        names = (key.rpartition("/")[2] for key in self.records.keys(self.slots))
        return {int(match[1]) for name in names if (match := SLOT.fullmatch(name))}

    def _is_indexed(self, record: R) -> bool:
        """Write the record's index entry unless it stands; False where S3 could not decide (409)."""
        key, entry = self._entry(record.identity), json.dumps({"number": record.number}).encode()
        there = self.records.get(key) is not None
        return there or self.records.put(key, entry) or self.records.get(key) is not None

    def _entry(self, identity: str) -> str:
        return f"{self.index}/{word(identity)}.json"

    def _number(self, raw: bytes, identity: str) -> int:
        try:
            number = json.loads(raw)["number"]
            if type(number) is int and 0 < number < 10**8:
                return number
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        raise self._damaged(self._entry(identity), "names no record")

    def _damaged(self, key: str, what: str) -> InfrastructureError:
        return InfrastructureError(
            f"the history is damaged: it {what}",
            where=f"{self.records.url}/{key}",
            hint="records are never changed or removed: restore it from a backup",
        )

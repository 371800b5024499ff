"""The lease: one holder, a sequence that only grows, a dead holder that keeps nothing."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from runner.errors import InfrastructureError
from runner.release.lease import Busy, Lease, Lost

TTL = timedelta(seconds=90)


@dataclass
class MemoryCell:
    """S3's compare-and-swap in memory. `lose`: how many answers of successful swaps are lost."""

    data: bytes | None = None
    version: int = 0
    swaps: int = 0
    lose: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = "memory://lease"

    def read(self) -> tuple[bytes, str] | None:
        with self.lock:
            return None if self.data is None else (self.data, str(self.version))

    def swap(self, data: bytes, tag: str | None) -> str | None:
        with self.lock:
            if tag != (None if self.data is None else str(self.version)):
                return None
            self.data, self.version, self.swaps = data, self.version + 1, self.swaps + 1
            if self.lose:  # botocore tried again after a lost answer, and was told 412
                self.lose -= 1
                return None
            return str(self.version)


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def lease(cell: MemoryCell, holder: str, clock: Clock) -> Lease:
    return Lease(cell, holder, f"{holder}@example", clock, TTL)


def test_one_holds_it_and_the_other_is_told_who() -> None:
    cell, clock = MemoryCell(), Clock()
    assert lease(cell, "a", clock).acquire("release 2026.11.23-1") == 1
    swaps = cell.swaps
    with pytest.raises(Busy, match=r"release 2026\.11\.23-1, by a@example, since 2026-11-23T12:00:00"):
        lease(cell, "b", clock).acquire("mine")
    assert cell.swaps == swaps


def test_each_holder_has_a_higher_sequence() -> None:
    cell, clock = MemoryCell(), Clock()
    for sequence in range(1, 4):
        held = lease(cell, f"h{sequence}", clock)
        assert held.acquire("x") == sequence
        held.check()
        held.release()


def test_a_dead_holder_keeps_nothing() -> None:
    cell, clock = MemoryCell(), Clock()
    dead = lease(cell, "dead", clock)
    dead.acquire("x")
    clock.pass_by(89)
    with pytest.raises(Busy):
        lease(cell, "next", clock).acquire("y")
    clock.pass_by(2)
    assert lease(cell, "next", clock).acquire("y") == 2
    with pytest.raises(Lost, match=r"y, by next@example"):
        dead.check()


def test_a_sleeper_that_nobody_followed_goes_on() -> None:
    cell, clock = MemoryCell(), Clock()
    held = lease(cell, "a", clock)
    held.acquire("x")
    clock.pass_by(1000)
    held.check()
    with pytest.raises(Busy):
        lease(cell, "b", clock).acquire("y")


def test_work_that_lasts_keeps_it() -> None:
    cell, clock = MemoryCell(), Clock()
    held = lease(cell, "a", clock)
    held.acquire("x")
    for _ in range(20):
        clock.pass_by(60)
        held.check()
        with pytest.raises(Busy):
            lease(cell, "b", clock).acquire("y")


def test_a_sequence_that_was_overtaken_is_lost_even_where_the_other_is_done() -> None:
    cell, clock = MemoryCell(), Clock()
    slept = lease(cell, "a", clock)
    slept.acquire("x")
    clock.pass_by(91)
    other = lease(cell, "b", clock)
    other.acquire("y")
    other.release()
    with pytest.raises(Lost, match="nobody"):
        slept.check()
    slept.release()
    assert lease(cell, "c", clock).acquire("z") == 3


def test_a_lost_answer_is_found_by_reading() -> None:
    cell, clock = MemoryCell(lose=1), Clock()
    held = lease(cell, "a", clock)
    assert held.acquire("x") == 1
    held.check()


def test_without_acquiring_nothing_may_change() -> None:
    with pytest.raises(Lost):
        lease(MemoryCell(), "a", Clock()).check()


@pytest.mark.parametrize("until", [None, "garbage", "2020-01-01T00:00:00"])
def test_a_damaged_lease_is_no_free_one(until: str | None) -> None:
    """Nor one that ends at no moment: a time without a zone is many."""
    held = {"sequence": 1, "holder": "b", "what": "", "by": "", "since": "", "until": until}
    cell = MemoryCell(data=json.dumps(held).encode(), version=1)
    with pytest.raises(InfrastructureError, match="does not parse") as told:
        lease(cell, "a", Clock()).acquire("x")
    assert "delete this object" in told.value.hint
    assert cell.swaps == 0


def test_of_fifty_at_once_one_gets_it() -> None:
    cell, clock, won, told = MemoryCell(), Clock(), [], []

    def race(n: int) -> None:
        try:
            won.append(lease(cell, f"h{n}", clock).acquire(f"release {n}"))
        except Busy as busy:
            told.append(str(busy))

    threads = [threading.Thread(target=race, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]
    assert len(told) == 49
    assert cell.swaps == 1
    assert all("release " in line for line in told)

"""Many deployments of one environment at the same moment, and a slow one whose lease ends in the middle.

One holds the environment; who comes too late writes nothing and is told by whom it is held; a slow one stops
at its next write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from helpers.killing import points, require_whole
from helpers.releases import Shop
from helpers.under_fire import PASS, Place, Scene, ended, under_fire

from runner.deploying import World
from runner.errors import LockgateError
from runner.release.flow import Done
from runner.release.lease import Busy, Lost
from runner.release.ledger import Ledger
from runner.release.records import Ended
from runner.releasing import deploy, statuses

pytestmark = pytest.mark.integration
INTENT = 2  # the write after which a release is under way
CONTENDERS = 50
PATIENT = 6  # of them, those that come again until they are served


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with under_fire(tmp_path_factory.mktemp("races")) as there:
        yield there


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals are the main thread's alone."""
    monkeypatch.setattr("runner.releasing.stoppable", nullcontext)


@dataclass
class Contender:
    """A pipeline with a manifest of its own; what came of it, and the thread that it ran in."""

    scene: Scene
    world: World
    error: LockgateError | None = None
    done: Done | None = None
    thread: int = 0

    def go(self) -> Contender:
        self.thread = threading.get_ident()
        try:
            self.done = self.scene.command(self.world)
        except LockgateError as error:
            self.error = error
        return self


def contender(place: Place, shop: Shop, factor: float, **more: object) -> Contender:
    asked = shop.asked(shop.release(factor=factor))
    scene = Scene(shop, lambda world: deploy(asked, world), 0, 4 * factor)
    return Contender(scene, place.world(**more))


@pytest.mark.usefixtures("threads")
def test_fifty_at_once_and_one_holds_the_environment(place: Place) -> None:
    """The winner waits, holding the lease, until all others have been answered."""
    shop = place.shop()
    place.aws.ensure_bucket(place.records(shop).bucket)
    now = place.world().clock
    crowd = [contender(place, shop, factor, clock=now) for factor in range(1, CONTENDERS + 1)]
    start, answered, left = threading.Barrier(CONTENDERS), threading.Event(), Countdown(CONTENDERS - 1)

    def hold(number: int, write: int, name: str) -> str:
        assert name != "cloudformation.CreateChangeSet" or answered.wait(120)
        return ""

    def race(each: Contender) -> None:
        start.wait()
        each.go()
        if left.down() == 0:
            answered.set()

    place.wire.planned(hold)
    with ThreadPoolExecutor(CONTENDERS) as pool:
        list(pool.map(race, crowd))
    winners = [each for each in crowd if each.done]
    assert len(winners) == 1
    (winner,) = winners
    assert ended(winner.done) is Ended.SUCCEEDED
    require_refused(place, [each for each in crowd if each is not winner], winner)
    assert place.answer(shop) == winner.scene.after
    assert (place.releases(shop), place.versions(shop)) == (1, 1)
    require_whole(place.records(shop))


class Countdown:
    """Counts down, from many threads."""

    def __init__(self, count: int) -> None:
        self.count, self.lock = count, threading.Lock()

    def down(self) -> int:
        with self.lock:
            self.count -= 1
            return self.count


def require_refused(place: Place, losers: list[Contender], winner: Contender) -> None:
    """Each was told who has it, and has written nothing."""
    assert winner.done is not None
    writers = {call.thread for call in place.wire.calls if call.is_write}
    assert writers == {winner.thread}
    for each in losers:
        assert isinstance(each.error, Busy), each.error
        assert (
            f"{winner.scene.shop.config['solution']}-prod {winner.done.release.manifest[:12]}"
            in each.error.what
        )


@pytest.mark.usefixtures("threads")
def test_those_who_come_again_are_all_served_one_after_another(place: Place) -> None:
    """No update is lost: each has one release, and the last one runs."""
    shop = place.shop()
    place.aws.ensure_bucket(place.records(shop).bucket)
    now = place.world().clock
    crowd = [contender(place, shop, factor, clock=now) for factor in range(1, PATIENT + 1)]
    place.wire.planned(PASS)

    def patiently(each: Contender) -> Contender:
        while each.go().done is None:
            assert isinstance(each.error, Busy), each.error
            threading.Event().wait(0.5)
        return each

    with ThreadPoolExecutor(PATIENT) as pool:
        served = list(pool.map(patiently, crowd))
    assert {ended(each.done) for each in served if each.done} == {Ended.SUCCEEDED}
    assert place.releases(shop) == PATIENT
    ledger = Ledger(place.records(shop))
    last = ledger.last()
    assert last is not None
    (newest,) = [each for each in served if each.done and each.done.release.number == last.number]
    assert place.answer(shop) == newest.scene.after
    require_whole(place.records(shop))


def overtaken(place: Place, slow: Contender, quick: Contender, point: int, *, late: bool) -> int:
    """The slow one goes; the quick one before (late) or after its n-th write. Counts its writes then."""
    before: list[int] = []

    def overtake(write: int) -> None:
        if write == point and not before:
            before.append(0)
            quick.go()
            before[0] = len(place.wire.writes)

    def late_fate(number: int, write: int, name: str) -> str:
        overtake(write)
        return ""

    place.wire.planned(late_fate if late else PASS, (lambda write: None) if late else overtake)
    slow.go()
    return len(place.wire.writes) - before[0]


@pytest.mark.parametrize("late", [False, True])
def test_a_slow_one_stops_at_its_next_write(place: Place, late: bool) -> None:
    """Another one takes over after its n-th write, or (late) between its looking at the lease and that write:
    what the second brought is what runs, and what the ledger says."""
    shop = place.shop(golden=True)
    deploy(shop.asked(shop.release(factor=1)), place.world())
    place.wire.planned(PASS)
    contender(place, shop, 2).go()
    count = place.wire.tried
    for point in sorted({INTENT, *points(count, 2, f"slow {late}")}):
        slow, quick = contender(place, shop, 3 + 2 * point), contender(place, shop, 4 + 2 * point)
        assert overtaken(place, slow, quick, point, late=late) <= late, point
        if point < count - 1:
            assert isinstance(slow.error, Lost) or (late and slow.error is not None), slow
        assert ended(quick.done) is Ended.SUCCEEDED, quick.error
        assert place.answer(shop) == quick.scene.after, point
        (status,) = statuses(shop.root, "prod", place.world(), real=False)
        assert status.good is not None
        assert status.good.manifest == quick.done.release.manifest
        assert status.agrees, point
        require_whole(place.records(shop))

"""Every AWS call of a deployment failing in turn: throttled, broken, done with its answer lost; once, so that
boto3's own retry heals it; until boto3 gives it up, while all others are well; and with all that follow.

Whatever the exit: what the ledger says is what runs, or it says nothing; one release, one published version;
the same command again converges.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import pytest
from helpers.faults_aws import FAULTS, Fate
from helpers.killing import points, require_whole
from helpers.releases import Shop
from helpers.under_fire import PASS, Place, Scene, ended, under_fire

from runner.errors import InfrastructureError
from runner.release.records import Ended
from runner.releasing import deploy

pytestmark = pytest.mark.integration
# How many attempts fail, the first one included: boto3 makes three of each call in a sandbox.
SPANS = {"once": 1, "given up": 3, "outage": 1_000_000}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with under_fire(tmp_path_factory.mktemp("faults")) as there, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
        yield there


@pytest.fixture(scope="module")
def shop(place: Place) -> Shop:
    """One that has a release."""
    shop = place.shop(golden=True)
    deploy(shop.asked(shop.release(factor=1)), place.world())
    return shop


FACTORS = count(2)


def a_new_model(shop: Shop) -> Scene:
    """The next release, on the one before."""
    factor = next(FACTORS)
    run = shop.release(factor=factor)
    return Scene(shop, lambda world: deploy(shop.asked(run), world), 4 * (factor - 1), 4 * factor)


def calls(place: Place, shop: Shop) -> int:
    """How many a deployment makes."""
    place.wire.planned(PASS)
    a_new_model(shop).command(place.world())
    return place.wire.attempts


def from_call(at: int, span: int, fault: str) -> Fate:
    return lambda number, write, name: fault if at <= number < at + span else ""


def every_first_attempt(fault: str) -> Fate:
    return lambda number, write, name: fault if number % 2 else ""


def spoilt(place: Place, scene: Scene, fate: Fate) -> bool:
    """Whether the command comes through; if it does not, the world is at fault, not the release."""
    place.wire.planned(fate)
    try:
        done = scene.command(place.world())
    except InfrastructureError:
        return False
    finally:
        place.wire.planned(PASS)
    assert ended(done) is Ended.SUCCEEDED, done.outcome
    return True


def require_truth(place: Place, scene: Scene) -> None:
    """What the ledger says runs; what it does not say may be either, and nothing else."""
    shop = scene.shop
    require_whole(place.records(shop))
    assert shop.runs - 1 <= place.releases(shop) <= shop.runs
    assert shop.runs - 1 <= place.versions(shop) <= shop.runs
    told = place.outcome(shop, shop.runs)
    assert told is None or told.ended is Ended.SUCCEEDED, told
    assert place.answer(shop) in ({scene.after} if told else {scene.before, scene.after})


def require_convergence(place: Place, scene: Scene) -> None:
    """The same command again, by whoever comes an hour later: done, and done once."""
    shop = scene.shop
    assert ended(scene.command(place.world())) in (Ended.SUCCEEDED, None)
    assert place.answer(shop) == scene.after
    assert (place.releases(shop), place.versions(shop)) == (shop.runs, shop.runs)
    assert place.outcome(shop, shop.runs) is not None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("span", SPANS)
def test_each_call_failing_in_turn(place: Place, shop: Shop, fault: str, span: str) -> None:
    for at in points(calls(place, shop), 1, f"{fault} {span}"):
        print(f"{fault} {span}: call {at}")
        scene = a_new_model(shop)
        healed = spoilt(place, scene, from_call(at, SPANS[span], fault))
        assert healed or span != "once"
        require_truth(place, scene)
        require_convergence(place, scene)


@pytest.mark.parametrize("fault", FAULTS)
def test_all_calls_failing_once_are_healed(place: Place, shop: Shop, fault: str) -> None:
    scene = a_new_model(shop)
    assert spoilt(place, scene, every_first_attempt(fault))
    require_convergence(place, scene)

"""Kill -9 after each change that a deployment or a rollback makes: the ledger is whole, the same command by
another holder converges, and the one after it writes nothing.

Each point is a process of its own that kills itself right after its n-th request that may change anything was
carried out, whoever sent it. The next holder comes an hour later by the clock that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle

import pytest
from helpers.killing import killed_after, points, require_whole
from helpers.under_fire import PASS, Place, Scene, ended, under_fire

from runner.adapters.aws import Aws
from runner.release.records import Ended
from runner.releasing import Return, deploy, roll_back

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with under_fire(tmp_path_factory.mktemp("kills")) as there:
        yield there


def killed(place: Place, make: Callable[[], Scene], sample: int) -> Iterator[Scene]:
    """Scenes whose command was killed after its first, its second... write; the ledger is whole in each."""
    place.wire.planned(PASS)
    make().command(place.world())
    for point in points(place.wire.tried, sample):
        scene, world = make(), place.world()
        assert killed_after(point, place.wire, partial(scene.command, world))
        require_whole(place.records(scene.shop))
        print(f"killed after write {point}")
        yield scene


def require_convergence(place: Place, scene: Scene) -> None:
    """Another holder brings it to its end; nothing is left to do then."""
    done = scene.command(place.world())
    assert ended(done) in (Ended.SUCCEEDED, None)
    assert place.answer(scene.shop) == scene.after
    place.wire.planned(PASS)
    assert ended(scene.command(place.world())) is None
    assert place.wire.writes == []
    require_whole(place.records(scene.shop))


def test_a_first_deployment(place: Place) -> None:
    def make() -> Scene:
        shop = place.shop()
        run = shop.release(factor=3)
        return Scene(shop, lambda world: deploy(shop.asked(run), world), 0, 12)

    for scene in killed(place, make, sample=3):
        require_convergence(place, scene)
        assert (place.releases(scene.shop), place.versions(scene.shop)) == (1, 1)


def test_a_new_model_that_is_asked_before_it_gets_traffic(place: Place) -> None:
    shop = place.shop(golden=True)
    deploy(shop.asked(shop.release(factor=1)), place.world())
    factors = count(2)

    def make() -> Scene:
        factor = next(factors)
        run = shop.release(factor=factor)
        return Scene(shop, lambda world: deploy(shop.asked(run), world), 4 * (factor - 1), 4 * factor)

    for scene in killed(place, make, sample=5):
        require_convergence(place, scene)
        assert (place.releases(shop), place.versions(shop)) == (shop.runs, shop.runs)


class Mailbox:
    """Everything that is published to a topic; the topic is the one that failures are told to."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.topic = aws.call("sns", "create_topic", Name="failures")["TopicArn"]
        self.queue = aws.call("sqs", "create_queue", QueueName="failures")["QueueUrl"]
        wanted = {"QueueUrl": self.queue, "AttributeNames": ["QueueArn"]}
        arn = aws.call("sqs", "get_queue_attributes", **wanted)["Attributes"]["QueueArn"]
        aws.call("sns", "subscribe", TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def take(self) -> list[str]:
        """What has come since it was last asked."""
        wanted = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10}
        messages = self.aws.call("sqs", "receive_message", **wanted).get("Messages", ())
        for each in messages:
            self.aws.call("sqs", "delete_message", QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return [each["Body"] for each in messages]


@pytest.fixture
def mailbox(place: Place, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    box = Mailbox(place.aws)
    monkeypatch.setenv("LOCKGATE_NOTIFY_TOPIC", box.topic)
    return box


def require_taken_back(place: Place, scene: Scene, mailbox: Mailbox, cause: str) -> None:
    """Another holder takes it back; it was told before that was written down, and once at least."""
    shop = scene.shop
    told, was = mailbox.take(), place.outcome(shop, place.releases(shop))
    assert told or was is None or was.ended is Ended.SUCCEEDED
    done = scene.command(place.world())
    assert done.outcome is not None
    assert (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, True)
    assert cause in done.outcome.cause
    assert any(cause in message for message in told + mailbox.take())
    assert place.answer(shop) == scene.after
    require_whole(place.records(shop))


def test_a_release_that_fails_is_taken_back(place: Place, mailbox: Mailbox) -> None:
    """It is marked before it is taken back, so whoever takes over does not try it again."""
    shop = place.shop(golden=True)
    deploy(shop.asked(shop.release(factor=1)), place.world())
    factors = count(2)

    def make() -> Scene:
        run = shop.release(factor=next(factors), expected=100)
        return Scene(shop, lambda world: deploy(shop.asked(run), world), 4, 4)

    for scene in killed(place, make, sample=3):
        require_taken_back(place, scene, mailbox, "training gave 100")


def test_a_canary_that_is_not_passed(place: Place, mailbox: Mailbox) -> None:
    """Ten percent of the traffic moved, nobody came: it goes back, whoever takes it there."""
    shop = place.shop()
    shop.configure(traffic="canary-10-percent-1-minute")
    deploy(shop.asked(shop.release(factor=1)), place.world())
    factors = count(2)

    def make() -> Scene:
        run = shop.release(factor=next(factors))
        return Scene(shop, lambda world: deploy(shop.asked(run), world), 4, 4)

    for scene in killed(place, make, sample=3):
        require_taken_back(place, scene, mailbox, "INCONCLUSIVE")
        assert place.shares(shop) == {}


def test_a_rollback_to_what_ran_before_goes_back_once(place: Place) -> None:
    """One that was cut off is gone on with: the same words do not lead further back."""
    shop = place.shop()
    for factor in (3, 5, 7):
        deploy(shop.asked(shop.release(factor=factor)), place.world())
    back, world = partial(roll_back, shop.asked(), way=Return(now=True)), place.world()
    assert killed_after(5, place.wire, partial(back, world))
    assert ended(back(place.world())) is Ended.SUCCEEDED
    assert place.answer(shop) == 20


@pytest.mark.parametrize("part", ["", "model"])
def test_a_rollback(place: Place, part: str) -> None:
    """Of all or of one component, to a version by its name: there and back again."""
    shop = place.shop()
    for factor in (3, 5):
        deploy(shop.asked(shop.release(factor=factor)), place.world())
    ways = cycle([(1, 12.0), (2, 20.0)])

    def make() -> Scene:
        number, answers = next(ways)
        way = Return(part, to=f"2026.11.23-{number}", now=True)
        return Scene(shop, lambda world: roll_back(shop.asked(), world, way), 0, answers)

    for scene in killed(place, make, sample=3):
        require_convergence(place, scene)

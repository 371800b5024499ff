"""A release from intent to outcome: its order, what a failure leaves, and what a kill at any point does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from helpers.flows import Environment, content, deployment, proposal, run
from helpers.histories import Killed

from runner.errors import InfrastructureError, RefusedError, SolutionError
from runner.release.lease import Busy, Lost
from runner.release.ledger import Ledger
from runner.release.records import Ended, Outcome

ONE, TWO, THREE = content(1), content(2), content(3)
LATER = timedelta(minutes=5)


def outcome(there: Environment, number: int) -> Outcome:
    found = Ledger(there.records).outcome(number)
    assert found is not None
    return found


@pytest.fixture
def there() -> Environment:
    """An environment in which release 1 runs."""
    made = Environment()
    run(made, proposal(ONE, "one"))
    made.log.clear()
    return made


def test_the_intent_is_first_and_the_outcome_last(there: Environment) -> None:
    done = run(there, proposal(TWO, "two"))
    assert there.log == [
        "lease", "releases", "ids", "publish", "versions", "shift", "stack", "outcomes", "lease",
    ]  # fmt: skip
    assert there.live == there.stack == TWO
    assert done.release.number == 2 and done.release.previous == 1
    ended = outcome(there, 2)
    assert (ended.ended, ended.outputs, ended.by) == (Ended.SUCCEEDED, {"Function": "f:live"}, "ann")
    assert ended.running == {"model": TWO.parts["model"].sha256}
    assert there.token == "two"


def test_what_the_stack_itself_moves_is_one_update(there: Environment) -> None:
    there.shifts = False
    run(there, proposal(TWO, "two"))
    assert there.log == ["lease", "releases", "ids", "publish", "stack", "follow", "outcomes", "lease"]


def test_the_second_time_there_is_no_side_effect(there: Environment) -> None:
    there.drifted = ["F: /Timeout is 77"]
    done = run(there, proposal(ONE, "again"))
    assert (done.outcome, done.release.number, there.log, there.said) == (None, 1, [], [])


@pytest.mark.parametrize("other", [proposal(ONE, "x", "another manifest"), proposal(TWO, "x")])
def test_another_manifest_or_content_is_another_release(there: Environment, other) -> None:
    assert run(there, other).release.number == 2


def test_what_runs_decides_not_the_ledger_alone(there: Environment) -> None:
    """Somebody moved an alias by hand: the same manifest is a new release."""
    there.live = TWO
    done = run(there, proposal(ONE, "again"))
    assert done.release.number == 2 and done.outcome
    assert there.live == ONE


@pytest.mark.parametrize("at", ["publish", "versions", "check", "shift"])
def test_a_failure_is_marked_then_taken_back_then_told_then_written(there: Environment, at: str) -> None:
    there.fails[at] = SolutionError("wrong answers")
    done = run(there, proposal(TWO, "two"))
    assert done.outcome and (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, True)
    assert done.outcome.cause == "wrong answers"
    assert there.live == there.stack == ONE
    order = [name for name in there.log if name in ("failing", "rest", "outcomes")]
    assert order == ["failing", "rest", "outcomes"]
    assert there.told == [(2, "wrong answers", True, False)]
    assert Ledger(there.records).good() == Ledger(there.records).get(1)


def test_a_platform_that_keeps_the_old_version_is_a_failure(there: Environment) -> None:
    there.keeps = True
    done = run(there, proposal(TWO, "two"))
    assert done.outcome and done.outcome.ended is Ended.FAILED
    assert done.outcome.cause.startswith("what runs is not what was deployed: model is another one")
    assert there.live == ONE and done.outcome.restored


def test_a_first_release_that_fails_has_nothing_to_go_back_to() -> None:
    there = Environment(fails={"stack": SolutionError("no such role")})
    done = run(there, proposal(ONE, "one"))
    assert done.outcome and not done.outcome.restored
    assert done.outcome.cause == "no such role (nothing ran before it)"
    assert "rest" not in there.log


def test_a_way_back_that_fails_too_is_said_so(there: Environment) -> None:
    there.fails["stack"] = RefusedError("Table would be replaced")
    done = run(there, proposal(TWO, "two"))
    assert done.outcome and (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, False)
    assert "release 1 could not be brought back: Table would be replaced" in done.outcome.cause
    assert there.told[0][2] is False
    del there.fails["stack"]
    assert run(there, proposal(THREE, "three")).outcome
    assert there.live == THREE


def test_what_the_world_stopped_is_gone_on_with(there: Environment) -> None:
    """No verdict on the release: it stays unfinished, the lease is free, and the same call goes on."""
    there.fails["stack"] = InfrastructureError("Rate exceeded")
    with pytest.raises(InfrastructureError, match="Rate exceeded"):
        run(there, proposal(TWO, "two"))
    assert Ledger(there.records).outcome(2) is None and there.told == []
    del there.fails["stack"]
    done = run(there, proposal(TWO, "again"), "another")
    assert (done.release.number, done.release.id) == (2, "two")
    assert outcome(there, 2).ended is Ended.SUCCEEDED


def test_a_release_that_was_cut_off_gives_way_to_another(there: Environment) -> None:
    there.fails["stack"] = InfrastructureError("Rate exceeded")
    with pytest.raises(InfrastructureError):
        run(there, proposal(TWO, "two"))
    there.fails.clear()
    there.log.clear()
    done = run(there, proposal(THREE, "three"))
    assert done.release.number == 3 and done.release.previous == 1
    assert outcome(there, 2).ended is Ended.ABANDONED
    assert there.log.index("rest") < there.log.index("outcomes") < there.log.index("releases")


def test_a_failure_whose_taking_back_was_cut_off_is_told_by_whoever_takes_its_place(
    there: Environment,
) -> None:
    there.fails["shift"] = SolutionError("wrong answers")
    there.fails["rest"] = InfrastructureError("Rate exceeded")
    with pytest.raises(InfrastructureError):
        run(there, proposal(TWO, "two"))
    assert there.told == []
    there.fails.clear()
    assert run(there, proposal(THREE, "three")).release.number == 3
    ended = outcome(there, 2)
    assert (ended.ended, ended.restored) == (Ended.FAILED, False)
    assert ended.cause.startswith("wrong answers; taking it back was cut off")
    assert there.told == [(2, ended.cause, False, False)]


def test_drift_is_told_before_and_remembered(there: Environment) -> None:
    there.drifted = ["F: /Timeout is 77"]
    run(there, proposal(TWO, "two"))
    assert "changed by hand: F: /Timeout is 77" in there.said
    assert outcome(there, 2).drift == ("F: /Timeout is 77",)


def test_what_a_release_that_was_cut_off_may_have_left_is_not_put_down_to_a_hand(there: Environment) -> None:
    """Its traffic, moved in part beside the stack, is drift until somebody goes on."""
    there.fails["shift"] = InfrastructureError("Rate exceeded")
    with pytest.raises(InfrastructureError):
        run(there, proposal(TWO, "two"))
    there.fails.clear()
    there.drifted = ["FLive: /FunctionVersion is 2"]
    run(there, proposal(TWO, "two"))
    said = [line for line in there.said if "FLive" in line]
    assert said == ["changed by hand or by release 2, which was cut off: FLive: /FunctionVersion is 2"]


def test_drift_that_came_while_it_was_deployed_is_a_failure(there: Environment) -> None:
    class Drifting(Environment):
        def drift(self, stack_name: str) -> list[str]:
            return ["F: /Timeout is 77"] if "shift" in self.log else []

    there.__class__ = Drifting
    done = run(there, proposal(TWO, "two"))
    assert done.outcome and "the stack drifted while it was deployed: F: /Timeout" in done.outcome.cause
    assert there.live == ONE


def test_who_comes_second_has_written_nothing(there: Environment) -> None:
    first = deployment(there, "first")
    first.lease.acquire("release 2")
    there.log.clear()
    with pytest.raises(Busy, match="release 2, by first@example"):
        run(there, proposal(TWO, "two"), "second")
    assert there.log == []


def test_who_lost_the_lease_is_told_that_and_not_what_it_met(there: Environment) -> None:
    class Taken(Environment):
        def publish(self, what) -> None:
            self.now += LATER
            deployment(self, "another").lease.acquire("release 3")
            raise InfrastructureError("the stack is busy")

    there.__class__ = Taken
    with pytest.raises(Lost, match="it belongs to release 3, by another@example"):
        run(there, proposal(TWO, "two"))


def test_what_was_made_from_another_release_than_runs_by_now_changes_nothing(there: Environment) -> None:
    """A rollback takes its content from what ran when it was asked for: another release may come in between,
    and what that brought would be lost unseen."""
    way = replace(proposal(THREE, "back"), since=1)
    run(there, proposal(TWO, "quick"))
    there.log.clear()
    with pytest.raises(Busy, match="release 2 took the place of release 1 meanwhile"):
        run(there, way)
    assert there.live == TWO and set(there.log) == {"lease"}
    assert run(there, replace(way, since=2)).outcome


def test_it_was_done_while_this_one_waited(there: Environment) -> None:
    """Between the first look and the lease another process did the same: nothing is left to do."""
    slow = deployment(there, "slow")
    tell_drift = slow._tell_drift

    def overtaken(what) -> None:
        tell_drift(what)
        run(there, proposal(TWO, "quick"), "quick")

    slow._tell_drift = overtaken
    done = slow.run(proposal(TWO, "slow"))
    assert done.outcome is None and done.release.id == "quick"


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("other", [False, True])
def test_killed_after_any_side_effect_the_next_one_converges(failing: bool, other: bool) -> None:
    """Forth or back, by the same command or another: then what is wanted runs, and nothing is left to do."""
    points = 0
    for last in range(1, 100):
        there = Environment()
        run(there, proposal(ONE, "one"))
        there.log.clear()
        there.last = last
        if failing:
            there.fails["shift"] = SolutionError("wrong answers")
        try:
            run(there, proposal(TWO, "two"))
            break
        except Killed:
            points += 1
        there.last, there.now = 10_000, there.now + LATER
        _converges(there, failing, other)
    assert points == (10 if failing else 9), points


def _converges(there: Environment, failing: bool, other: bool) -> None:
    marked = Ledger(there.records).failing(2) is not None
    wanted = proposal(THREE, "three") if other else proposal(TWO, "again")
    if other or marked:
        there.fails.clear()  # were it tried again, it would now succeed
    done = run(there, wanted, "next")
    if marked and not other and done.release.number == 2:
        assert done.outcome and done.outcome.ended is Ended.FAILED, "what failed was tried again"
    expected = THREE if other else ONE if failing and done.release.number == 2 else TWO
    assert there.live == there.stack == expected
    assert [r.number for r in Ledger(there.records).all()] == list(range(1, done.release.number + 1))
    assert all(Ledger(there.records).outcome(n) for n in range(1, done.release.number + 1))
    there.log.clear()
    if done.outcome is None or done.outcome.ended is Ended.SUCCEEDED:
        assert run(there, wanted, "third").outcome is None
        assert there.log == []


def test_published_bytes_that_are_others_get_no_traffic() -> None:
    there = Environment()
    run(there, proposal(content(1), "one"))
    there.misfits = ["model runs sha256:aa, the release has sha256:bb"]
    done = run(there, proposal(content(2), "two"))
    assert done.outcome is not None
    assert (done.outcome.ended, done.outcome.restored) == (Ended.FAILED, True)
    assert "what was published is not what was deployed: model runs sha256:aa" in done.outcome.cause
    assert "shift" not in there.log
    assert there.live == content(1)

"""Traffic goes over step by step, comes back where the canary is not passed, and survives a kill anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from helpers.aliases import Clock, FakeLambda, Killed, Numbers, lost, refused

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, SolutionError, UsageError
from runner.release.canary import CanaryLimits, Window
from runner.release.canary_latency import Sketch
from runner.release.pace import Pace, parse_pace
from runner.release.shifting import Shifter
from runner.release.target import Moving

PREDICT = Moving("PredictAlias", "predict", "live", "1", "2")
FEATURES = Moving("FeaturesAlias", "features", "live", "4", "5")
CANARY, LINEAR = Pace(10, 5), Pace(25, 2, is_linear=True)
HEALTHY = Window(1000, 1, 0, Sketch.of([50.0] * 1000))
BROKEN = Window(1000, 400, 0, Sketch.of([50.0] * 1000))


def always(old: Window, new: Window) -> Callable[[str, datetime, datetime], Window]:
    return lambda version, since, until: new if version in ("2", "5") else old


class World:
    def __init__(self, *, new: Window = HEALTHY, alarms: tuple[str, ...] = ()) -> None:
        self.fake, self.clock, self.said, self.guarded = FakeLambda(), Clock(), list[str](), 0
        self.fake.add("predict:live", "1")
        self.fake.add("features:live", "4")
        self.fake.alarms = dict.fromkeys(alarms, "OK")
        self.numbers = Numbers(always(HEALTHY, new))
        self.alarms = alarms

    def shifter(self) -> Shifter:
        return Shifter(
            self.fake.aws(), self.guard, lambda moving: self.numbers, self.said.append, self.clock.sleep,
            CanaryLimits(looks=5), self.alarms, clock=self.clock,
        )  # fmt: skip

    def guard(self) -> None:
        self.guarded += 1


def test_a_canary_that_passes_gets_all_and_each_look_is_told() -> None:
    world = World()
    started = world.clock()
    verdicts = world.shifter().shift([PREDICT], CANARY)
    assert world.fake.points("predict:live") == ("2", {})
    assert [u["RoutingConfig"] for u in world.fake.updates] == [
        {"AdditionalVersionWeights": {"2": 0.1}},
        {"AdditionalVersionWeights": {}},
    ]
    assert verdicts["predict:live"].outcome == "PASS"
    assert world.said[0] == "10% of predict:live goes to version 2"
    assert world.said[1] == "look 1 of 5: predict:live PASS" and len(world.said) == 7
    assert (world.clock() - started).total_seconds() == 5 * 60 + 90
    assert {since for _, since, _ in world.numbers.asked} == {started}


def test_linear_steps_are_judged_each_in_a_window_of_its_own() -> None:
    world = World()
    world.shifter().shift([PREDICT, FEATURES], LINEAR)
    shares = [u["RoutingConfig"]["AdditionalVersionWeights"] for u in world.fake.updates]
    assert [s.get("2") for s in shares if "2" in s] == [s.get("5") for s in shares if "5" in s]
    assert [s["2"] for s in shares if "2" in s] == [0.25, 0.5, 0.75]
    assert len({since for _, since, _ in world.numbers.asked}) == 3
    assert (world.fake.points("predict:live"), world.fake.points("features:live")) == (("2", {}), ("5", {}))


def test_steps_that_were_passed_before_a_kill_are_not_watched_again() -> None:
    world = World()
    world.fake.add("predict:live", "1", {"2": 0.5})
    world.shifter().shift([PREDICT], LINEAR)
    assert len({since for _, since, _ in world.numbers.asked}) == 2
    assert world.fake.points("predict:live") == ("2", {})


def test_all_at_once_is_one_update() -> None:
    world = World()
    assert world.shifter().shift([PREDICT], Pace()) == {}
    assert len(world.fake.updates) == 1 and not world.numbers.asked


@pytest.mark.parametrize(
    ("new", "cause"),
    [(BROKEN, "errors: new 400 of 1,000"), (Window(), "the new version had 0 requests")],
    ids=["broken", "no traffic"],
)
def test_a_canary_that_is_not_passed_gives_the_traffic_back(new: Window, cause: str) -> None:
    world = World(new=new)
    with pytest.raises(SolutionError, match=cause):
        world.shifter().shift([PREDICT, FEATURES], CANARY)
    assert (world.fake.points("predict:live"), world.fake.points("features:live")) == (("1", {}), ("4", {}))


def test_an_alias_that_was_said_to_be_silent_is_judged_on_the_rest() -> None:
    world = World()
    shifter = world.shifter()
    shifter.limits = CanaryLimits(looks=1, output_shift=0.2)
    with pytest.raises(SolutionError, match="told 0 outputs"):
        shifter.shift([FEATURES], CANARY)
    shifter.silent = ("FeaturesAlias",)
    with pytest.raises(SolutionError, match=r"canary: predict:live INCONCLUSIVE: outputs"):
        shifter.shift([FEATURES, PREDICT], CANARY)
    assert shifter.shift([FEATURES], CANARY)["features:live"].outcome == "PASS"
    world.numbers.tell = always(HEALTHY, BROKEN)
    world.fake.add("features:live", "4")
    with pytest.raises(SolutionError, match=r"features:live FAIL: errors"):
        shifter.shift([FEATURES], CANARY)


def test_a_failure_is_acted_upon_at_the_first_look() -> None:
    world = World(new=BROKEN)
    started = world.clock()
    with pytest.raises(SolutionError):
        world.shifter().shift([PREDICT], CANARY)
    assert (world.clock() - started).total_seconds() == 60


def test_one_bad_alias_takes_the_others_back_with_it() -> None:
    world = World()
    world.numbers.tell = lambda version, since, until: BROKEN if version == "5" else HEALTHY
    with pytest.raises(SolutionError, match=r"canary: features:live FAIL"):
        world.shifter().shift([PREDICT, FEATURES], CANARY)
    assert world.fake.points("predict:live") == ("1", {})


def test_the_more_looks_and_aliases_the_less_each_may_spend() -> None:
    limits = CanaryLimits(looks=1, error_margin=-1.0, latency={})
    world = World()
    world.numbers.tell = always(Window(1800, 4), Window(200, 3))
    shifter = world.shifter()
    shifter.limits = limits
    shifter.shift([PREDICT, FEATURES], LINEAR)
    world.fake.add("predict:live", "1")
    with pytest.raises(SolutionError, match=r"p = 0\.0"):
        shifter.shift([PREDICT], CANARY)


def test_numbers_that_cannot_be_had_are_no_pass() -> None:
    world = World()

    def silent(version: str, since: datetime, until: datetime) -> Window:
        raise AwsError("throttled", where="cloudwatch:get_metric_data")

    world.numbers.tell = silent
    with pytest.raises(SolutionError, match="throttled"):
        world.shifter().shift([PREDICT], CANARY)
    assert world.fake.points("predict:live") == ("1", {})


def test_an_alarm_gives_the_traffic_back() -> None:
    world = World(alarms=("errors",))
    world.numbers.tell = lambda *_: world.fake.alarms.update(errors="ALARM") or HEALTHY
    with pytest.raises(SolutionError, match="in ALARM: errors"):
        world.shifter().shift([PREDICT], CANARY)
    assert world.fake.points("predict:live") == ("1", {})


def test_an_alarm_before_it_lets_nothing_begin() -> None:
    world = World(alarms=("errors",))
    world.fake.alarms["errors"] = "ALARM"
    with pytest.raises(SolutionError, match="in ALARM before it: errors"):
        world.shifter().shift([PREDICT], CANARY)
    assert not world.fake.updates


def test_an_alarm_that_does_not_exist_watches_nothing() -> None:
    world = World(alarms=("errors",))
    world.fake.alarms.clear()
    with pytest.raises(AwsError, match="no such alarm: errors"):
        world.shifter().shift([PREDICT], CANARY)
    assert not world.fake.updates


def test_done_twice_is_done_once() -> None:
    world = World()
    world.shifter().shift([PREDICT], CANARY)
    world.fake.updates.clear()
    assert world.shifter().shift([PREDICT], CANARY) == {}
    assert not world.fake.updates


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_kill_at_any_update_is_gone_on_from(number: int, when: str) -> None:
    world = World()

    def kill(count: int, at: str) -> None:
        if (count, at) == (number, when):
            raise Killed

    world.fake.at = kill
    with pytest.raises(Killed):
        world.shifter().shift([PREDICT, FEATURES], LINEAR)
    count = len(world.fake.updates)
    world.shifter().shift([PREDICT, FEATURES], LINEAR)
    assert (world.fake.points("predict:live"), world.fake.points("features:live")) == (("2", {}), ("5", {}))
    assert len(world.fake.updates) == count + 8 - (count if when == "after" else count - 1)


@pytest.mark.parametrize("number", range(1, 5))
def test_a_kill_while_it_goes_back_ends_with_the_old_versions(number: int) -> None:
    world = World(new=BROKEN)

    def kill(count: int, at: str) -> None:
        if (count, at) == (number, "after"):
            raise Killed

    world.fake.at = kill
    with pytest.raises(Killed):
        world.shifter().shift([PREDICT, FEATURES], CANARY)
    with pytest.raises(SolutionError):
        world.shifter().shift([PREDICT, FEATURES], CANARY)
    assert (world.fake.points("predict:live"), world.fake.points("features:live")) == (("1", {}), ("4", {}))


@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_answer_is_no_failure(number: int) -> None:
    world = World()

    def lose(count: int, at: str) -> None:
        if (count, at) == (number, "after"):
            raise lost()

    world.fake.at = lose
    world.shifter().shift([PREDICT], CANARY)
    assert world.fake.points("predict:live") == ("2", {}) and len(world.fake.updates) == 2


def test_what_somebody_else_moved_meanwhile_is_left_alone() -> None:
    world = World()
    world.fake.at = lambda count, at: world.fake.add("predict:live", "9") if at == "before" else None
    with pytest.raises(InfrastructureError, match="somebody else moved it meanwhile: it points to 9"):
        world.shifter().shift([PREDICT], CANARY)
    assert world.fake.points("predict:live") == ("9", {})


def test_an_alias_of_a_third_version_is_not_touched() -> None:
    world = World()
    world.fake.add("predict:live", "1", {"7": 0.2})
    with pytest.raises(InfrastructureError, match="neither version 1 nor 2"):
        world.shifter().shift([PREDICT], CANARY)
    assert not world.fake.updates


def test_going_back_goes_on_where_one_alias_fails() -> None:
    world = World()
    world.fake.add("predict:live", "1", {"2": 0.1})
    world.fake.add("features:live", "4", {"5": 0.1})

    def fail(count: int, at: str) -> None:
        if (count, at) == (1, "before"):
            raise refused("ServiceException")

    world.fake.at = fail
    with pytest.raises(AwsError):
        world.shifter().restore([PREDICT, FEATURES])
    assert world.fake.points("features:live") == ("4", {})


def test_the_guard_stands_before_each_change_and_is_asked_while_waiting() -> None:
    world = World()
    order: list[str] = []
    world.fake.at = lambda count, at: order.append(at) if at == "before" else None
    shifter = world.shifter()
    shifter.guard = lambda: order.append("guard")
    shifter.shift([PREDICT], CANARY)
    assert all(order[i - 1] == "guard" for i, what in enumerate(order) if what == "before")
    assert order.count("guard") >= (5 * 60 + 90) / 20


def test_a_lost_lease_changes_nothing_more() -> None:
    world = World()
    shifter = world.shifter()

    def gone() -> None:
        raise InfrastructureError("the lease is gone")

    shifter.guard = gone
    with pytest.raises(InfrastructureError, match="lease is gone"):
        shifter.shift([PREDICT], CANARY)
    assert not world.fake.updates


@pytest.mark.parametrize(
    ("text", "steps", "name"),
    [
        ("all-at-once", (), "CodeDeployDefault.LambdaAllAtOnce"),
        ("canary-10-percent-5-minutes", (0.1,), "CodeDeployDefault.LambdaCanary10Percent5Minutes"),
        ("linear-10-percent-every-1-minute", tuple(i / 10 for i in range(1, 10)),
         "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"),
        ("linear-40-percent-every-2-minutes", (0.4, 0.8),
         "CodeDeployDefault.LambdaLinear40PercentEvery2Minutes"),
    ],
)  # fmt: skip
def test_a_pace_is_read(text: str, steps: tuple[float, ...], name: str) -> None:
    pace = parse_pace(text)
    assert (pace.steps, pace.code_deploy) == (steps, name)


@pytest.mark.parametrize(
    "text", ["", "canary", "canary-0-percent-5-minutes", "canary-100-percent-5-minutes",
             "linear-10-percent-5-minutes", "canary-10-percent-0-minutes", "canary-10-percent-2881-minutes",
             "canary-10-percent-5-minutes\n"],
)  # fmt: skip
def test_a_pace_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="traffic cannot move as"):
        parse_pace(text)

"""What is swept, against anything an account may hold: nothing that is not a test's own is ever in a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.run import new_run_id
from runner.sweep import PURPOSE, RUN, SOLUTION, Found, Resource, Stack
from runner.sweep.plan import plan, run_began

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLIGHTS = ("test", "flights")
OLD, YOUNG = "20261123T080000Z-aaaaaa", "20261123T113000Z-bbbbbb"
RUNS = st.sampled_from([OLD, YOUNG, "", "build:1", "20260231T000000Z-cccccc"])
ANY_TAGS = st.fixed_dictionaries(
    {},
    optional={
        PURPOSE: st.sampled_from(["test", "Test", "production", "", "tests"]),
        SOLUTION: st.sampled_from(["flights", "other", "flights-2", ""]),
        RUN: RUNS,
        "team": st.just("x"),
        "Lockgate:purpose": st.just("test"),
    },
)
# Half of them whole, or most of an account would be out of the question at once.
WHOLE = st.builds(lambda run: {PURPOSE: "test", SOLUTION: "flights", RUN: run}, RUNS)
TAGS = st.one_of(WHOLE, ANY_TAGS)
STATUS = st.sampled_from(
    ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS",
     "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"]
)  # fmt: skip
AGES = st.integers(-60, 600).map(lambda minutes: NOW - timedelta(minutes=minutes))
NUMBERS = st.integers(0, 10_000)
STACKS = st.builds(
    lambda n, status, touched, tags, nested, protected: Stack(
        f"arn:aws:cloudformation:r:1:stack/s{n}/x", f"s{n}", status, touched, tags, nested, protected
    ),
    NUMBERS, STATUS, AGES, TAGS, st.booleans(), st.booleans(),
)  # fmt: skip
SERVICES = st.sampled_from(["s3", "lambda", "iam", "logs", "sqs", "odd", "cloudformation"])
RESOURCES = st.builds(lambda s, n, tags: Resource(f"arn:aws:{s}:r:1:thing{n}", tags), SERVICES, NUMBERS, TAGS)
FOUND = st.builds(
    Found,
    st.lists(STACKS, max_size=12, unique_by=lambda s: s.id).map(tuple),
    st.lists(RESOURCES, max_size=12, unique_by=lambda r: r.arn).map(tuple),
)


@settings(max_examples=200, deadline=None)
@given(FOUND, st.sampled_from(["flights", ""]))
def test_nothing_untagged_or_differently_tagged_is_ever_in_the_plan(found, solution):
    swept = plan(found, NOW, HOUR, solution)
    tags = {**{s.id: s.tags for s in found.stacks}, **{r.arn: r.tags for r in found.resources}}
    for item in (*swept.stacks, *swept.resources):
        assert tags[item.id].get(PURPOSE) == "test"
        assert tags[item.id].get(RUN)
        assert tags[item.id].get(SOLUTION) in ([solution] if solution else ["flights", "other", "flights-2"])


@settings(max_examples=200, deadline=None)
@given(FOUND)
def test_nothing_of_a_run_that_may_be_at_work_is_ever_in_the_plan(found):
    swept = plan(found, NOW, HOUR, "flights")
    stacks = {s.id: s for s in found.stacks}
    ours = [
        s for s in found.stacks if not s.nested and (s.tags.get(PURPOSE), s.tags.get(SOLUTION)) == FLIGHTS
    ]
    busy = {
        s.tags.get(RUN)
        for s in ours
        if NOW - s.touched < HOUR or s.protected
        or (s.status.endswith("_IN_PROGRESS") and s.status != "REVIEW_IN_PROGRESS")
    }  # fmt: skip
    for item in (*swept.stacks, *swept.resources):
        assert item.run not in busy
    for item in swept.stacks:
        assert not stacks[item.id].nested
        assert NOW - stacks[item.id].touched >= HOUR
    with_stack = {s.run for s in swept.stacks}
    for item in swept.resources:
        assert item.run in with_stack or NOW - run_began(item.run) >= HOUR


@settings(max_examples=200, deadline=None)
@given(FOUND)
def test_everything_that_is_a_tests_is_either_swept_or_said_to_stay(found):
    swept = plan(found, NOW, HOUR)
    named = [*(i.id for i in (*swept.stacks, *swept.resources)), *(k.id for k in swept.kept)]
    assert len(named) == len(set(named))
    tagged = [r for r in found.resources if ":cloudformation:" not in r.arn and r.tags.get(PURPOSE) == "test"]
    tests = {r.arn for r in tagged if r.tags.get(RUN) and r.tags.get(SOLUTION)}
    assert tests <= set(named)
    assert all(kept.why for kept in swept.kept)


def tags(run: str = OLD) -> dict[str, str]:
    return {PURPOSE: "test", SOLUTION: "flights", RUN: run}


def resource(arn: str, run: str = OLD) -> Resource:
    return Resource(arn, tags(run))


def stack(
    name: str, status: str = "CREATE_COMPLETE", hours: float = 4, run: str = OLD, **more: bool
) -> Stack:
    return Stack(f"arn:stack/{name}", name, status, NOW - timedelta(hours=hours), tags(run), **more)


def test_functions_go_before_their_logs_and_roles_go_last():
    names = ["iam::1:role/r", "logs:r:1:log-group:g", "lambda:r:1:function:f", "s3:::b"]
    swept = plan(Found((), tuple(resource(f"arn:aws:{n}") for n in names)), NOW, HOUR)
    assert [item.kind for item in swept.resources] == ["lambda", "s3", "logs", "iam"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (stack("s", hours=0.5), "touched"), (stack("s", "UPDATE_IN_PROGRESS"), "UPDATE_IN_PROGRESS"),
        (stack("s", protected=True), "protected"),
    ],
)  # fmt: skip
def test_what_is_left_alone_says_why(found, why):
    swept = plan(Found((found,), (resource("arn:aws:s3:::b"),)), NOW, HOUR)
    assert (swept.stacks, swept.resources) == ((), ())
    assert why in next(k.why for k in swept.kept if k.id == found.id)


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_what_is_dead_goes(status):
    assert [i.name for i in plan(Found((stack("s", status),), ()), NOW, HOUR).stacks] == ["s"]


def test_what_one_run_left_goes_though_another_is_at_work():
    found = Found((stack("old"), stack("young", hours=0.1, run=YOUNG)), (resource("arn:aws:s3:::b", YOUNG),))
    swept = plan(found, NOW, HOUR)
    assert [i.name for i in swept.stacks] == ["old"]
    assert swept.resources == ()


def test_a_resource_of_an_unknown_age_stays_unless_its_stack_goes():
    assert plan(Found((), (resource("arn:aws:s3:::b", "build:1"),)), NOW, HOUR).resources == ()
    found = Found((stack("s", run="build:1"),), (resource("arn:aws:s3:::b", "build:1"),))
    assert len(plan(found, NOW, HOUR).resources) == 1


def test_a_nested_stack_goes_with_its_own_and_by_no_other_way():
    assert plan(Found((stack("s", nested=True),), ()), NOW, HOUR).stacks == ()


def test_one_stack_that_is_at_work_keeps_the_others_of_its_run():
    swept = plan(Found((stack("old"), stack("young", hours=0.1)), ()), NOW, HOUR)
    assert swept.stacks == ()
    assert {k.name for k in swept.kept} == {"old", "young"}


def test_a_runs_id_says_when_it_began():
    assert abs(run_began(new_run_id()) - datetime.now(UTC)) < timedelta(minutes=1)
    assert run_began("20260231T000000Z-cccccc") is None


def test_the_plan_is_data():
    import json

    swept = plan(Found((stack("s"),), (resource("arn:aws:s3:::b"),)), NOW, HOUR)
    assert json.loads(json.dumps(swept.data()))["stacks"][0]["name"] == "s"

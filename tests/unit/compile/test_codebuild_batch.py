"""The compiled batch buildspec: what CodeBuild takes, and a graph that respects the stages' needs."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from helpers.buildspec_rules import BuildspecError, check

from runner.compile import codebuild_batch, parts
from runner.config.schema import Solution
from runner.plan import make_plan
from runner.remote.batch import identifier

STAGES: dict[str, Any] = {
    "unit": {"kind": "unit", "suites": ["suites/unit"], "shards": 2},
    "late-one": {"kind": "unit", "suites": ["suites/late"], "needs": ["unit"]},
}


def text(stages: dict[str, Any] = STAGES, only: tuple[str, ...] = ()) -> str:
    solution = Solution.model_validate({"solution": "tiny", "stages": stages})
    return codebuild_batch.compiled(solution, make_plan(solution, only))


def spec(stages: dict[str, Any] = STAGES, only: tuple[str, ...] = ()) -> dict[str, Any]:
    return check(yaml.safe_load(text(stages, only)))


def graph(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {b["identifier"]: b for b in found["batch"]["build-graph"]}


def test_each_part_is_a_build_after_those_that_it_needs() -> None:
    builds = graph(spec())
    depends = {name: set(build.get("depend-on", ())) for name, build in builds.items()}
    unit = {"stage_unit_SHARD_1_of_2", "stage_unit_SHARD_2_of_2"}
    assert depends == {
        "prepare": set(),
        **{name: {"prepare"} for name in unit},
        "stage_late_one": unit,
        "conclude": {*unit, "stage_late_one"},
    }


def test_each_build_is_its_task() -> None:
    told = {n: b["env"]["variables"]["LOCKGATE_TASK"] for n, b in graph(spec()).items()}
    assert told["prepare"] == "prepare"
    assert told["stage_unit_SHARD_1_of_2"] == "stage --stage unit --part 1-of-2"
    assert told["stage_late_one"] == "stage --stage late-one"
    assert told["conclude"].startswith("conclude --out ")


def test_a_failing_build_stops_no_other() -> None:
    """Their word is evidence; what must not begin without them says so itself."""
    found = spec()
    assert found["batch"]["fast-fail"] is False
    assert not any(b.get("ignore-failure") for b in graph(found).values())


def test_nothing_follows_the_task_that_could_pass_for_success() -> None:
    phases = spec()["phases"]
    assert set(phases) == {"build"}
    assert phases["build"]["on-failure"] == "ABORT"
    assert phases["build"]["commands"][-1].startswith("lockgate task ")


def test_there_is_no_anchor_in_it() -> None:
    assert not re.search(r"(?m)(^|\s)[&*]\w", text())


def test_a_selection_is_handed_on() -> None:
    builds = graph(spec(only=("late-one",)))
    assert builds["prepare"]["env"]["variables"]["LOCKGATE_TASK"] == "prepare --stage late-one"
    assert set(builds) == {"prepare", "stage_late_one", "conclude"}


def test_it_says_how_many_builds_a_batch_may_need() -> None:
    assert "# 5 builds" in text()


@pytest.mark.parametrize("name", ["prepare", "conclude", "stage", "a" * 63, "x--y", "n0"])
def test_a_stage_may_be_called_anything(name: str) -> None:
    stages = {name: {"kind": "unit", "suites": ["suites/unit"], "shards": 50}}
    found = spec(stages)
    solution = Solution.model_validate({"solution": "tiny", "stages": stages})
    assert {identifier(i) for i, _ in parts(solution, name)} == set(graph(found)) - {"prepare", "conclude"}


@pytest.mark.parametrize(
    "broken",
    [
        [{"identifier": "a-b"}],
        [{"identifier": "a" * 129}],
        [{"identifier": "a"}, {"identifier": "a"}],
        [{"identifier": "a", "depend-on": ["b"]}],
        [{"identifier": "a", "depend-on": ["b"]}, {"identifier": "b", "depend-on": ["a"]}],
        [{"identifier": "a", "env": {"variables": {"CODEBUILD_X": "1"}}}],
        [{"identifier": "a", "something": 1}],
        [],
    ],
)
def test_the_rules_see_a_graph_that_codebuild_would_refuse(broken: list[dict[str, Any]]) -> None:
    found = yaml.safe_load(text())
    found["batch"]["build-graph"] = broken
    with pytest.raises(BuildspecError):
        check(found)

"""The compiled state machine: well formed, within the limits; it succeeds only if conclude says PASSED."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers import asl

from runner.compile import step_functions
from runner.config.schema import FargateHost, Solution
from runner.errors import UsageError
from runner.plan import make_plan
from runner.remote.job import KEY

PLACE = FargateHost(
    cluster="c", task_definition="lockgate-tiny:7", subnets=("subnet-1",), security_groups=("sg-1",),
    bucket="b", prepare_role="arn:aws:iam::1:role/prepare", conclude_role="arn:aws:iam::1:role/conclude",
)  # fmt: skip
STAGES: dict[str, Any] = {
    "unit": {"kind": "unit", "suites": ["suites/unit"], "shards": 2, "timeout": 600},
    "data": {"kind": "data", "tables": {"t": {"source": "t.csv", "suite": "t.json"}}},
    "late": {"kind": "unit", "suites": ["suites/late"], "needs": ["unit", "data"]},
    "last": {"kind": "unit", "suites": ["suites/last"], "needs": ["late"]},
}
INPUT = {"source": "s3://b/source.zip"}


def solution(stages: dict[str, Any] = STAGES) -> Solution:
    return Solution.model_validate({"solution": "tiny", "stages": stages})


def machine(
    stages: dict[str, Any] = STAGES, only: tuple[str, ...] = (), place: FargateHost = PLACE
) -> dict[str, Any]:
    whole = solution(stages)
    text = step_functions.compiled(whole, make_plan(whole, only), place, {"LOCKGATE_AWS": "1"})
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def ended(code: Any = 0, stop: str = "EssentialContainerExited", name: str = "lockgate") -> dict[str, Any]:
    """A task as `ecs:runTask.sync` describes it."""
    container = {"Name": name} | ({} if code is None else {"ExitCode": code})
    return {"Containers": [container], "StopCode": stop}


class Orchestrated:
    """A run of the machine: each task's outcome by its words, and what was started in which order."""

    def __init__(self, outcomes: dict[str, Any], definition: dict[str, Any] | None = None) -> None:
        self.outcomes, self.started, self.words = outcomes, [], {}  # type: ignore[var-annotated]
        self.status, _ = asl.run(definition or machine(), INPUT, "run-1", self.work)

    def work(self, command: list[str]) -> Any:
        words = dict(zip(command[2::2], command[3::2], strict=True))
        name = command[1] if command[1] != "stage" else ".".join(
            filter(None, (words["--stage"], words.get("--part", "")))
        )  # fmt: skip
        assert words["--store"] == "s3://b/runs/run-1"
        self.started.append(name)
        if name == "conclude":
            self.words = {w["part"]: w["ended"] for layer in json.loads(words["--words"]) for w in layer}
        outcome = self.outcomes.get(name, ended())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_it_is_well_formed() -> None:
    assert asl.problems(machine()) == []


def test_every_part_has_a_branch_after_what_it_needs() -> None:
    run = Orchestrated({})
    assert set(run.started[1:4]) == {"unit.1-of-2", "unit.2-of-2", "data"}
    assert [run.started[0], *run.started[4:]] == ["prepare", "late", "last", "conclude"]
    assert run.words == dict.fromkeys(("unit.1-of-2", "unit.2-of-2", "data", "late", "last"), "SUCCEEDED")
    assert run.status == "SUCCEEDED"


DEAD = {
    "exit 1": asl.TaskFailed("exit code 1"),
    "told as in the sandbox": {
        "tasks": [{"containers": [{"name": "lockgate", "exitCode": 1}], "stopCode": "E"}]
    },
    "exit 1, not raised": ended(1),
    "killed": ended(137),
    "no exit code": ended(None),
    "a code that is text": ended("0"),
    "a code that is true": ended(True),
    "stopped": ended(0, "UserInitiated"),
    "not started": {"Containers": [], "StopCode": "TaskFailedToStart"},
    "another container": ended(0, name="aws-guardduty-agent"),
    "nothing": {},
    "no stop code": {"Containers": [{"Name": "lockgate", "ExitCode": 0}]},
}


@pytest.mark.parametrize("dead", DEAD)
def test_a_task_that_did_not_succeed_is_told_as_failed(dead: str) -> None:
    run = Orchestrated({"unit.2-of-2": DEAD[dead]})
    assert run.words["unit.2-of-2"] == "FAILED"
    assert run.words["unit.1-of-2"] == "SUCCEEDED"
    assert run.started[-1] == "conclude"


@pytest.mark.parametrize("dead", DEAD)
def test_without_a_passing_conclusion_it_fails(dead: str) -> None:
    assert Orchestrated({"conclude": DEAD[dead]}).status == "FAILED"


@pytest.mark.parametrize("dead", DEAD)
def test_where_prepare_did_not_succeed_nothing_is_started_but_conclude(dead: str) -> None:
    run = Orchestrated({"prepare": DEAD[dead], "conclude": ended(1)})
    assert (run.started, run.words, run.status) == (["prepare", "conclude"], {}, "FAILED")


def test_ours_is_found_among_other_containers() -> None:
    agent = {"Name": "aws-guardduty-agent", "ExitCode": 1}
    ours = {"Name": "lockgate", "ExitCode": 0}
    told = {"Containers": [agent, ours], "StopCode": "EssentialContainerExited"}
    assert Orchestrated({"unit.1-of-2": told}).words["unit.1-of-2"] == "SUCCEEDED"


def test_the_sandboxs_answer_is_understood() -> None:
    told = {
        "tasks": [
            {"containers": [{"name": "lockgate", "exitCode": 0}], "stopCode": "EssentialContainerExited"}
        ]
    }
    assert Orchestrated({"conclude": told}).status == "SUCCEEDED"


def test_only_one_state_succeeds() -> None:
    succeeding = [n for n, s in machine()["States"].items() if s["Type"] == "Succeed" or s.get("End")]
    assert succeeding == ["passed"]


def test_each_stage_has_its_own_deadline() -> None:
    found = asl.tasks(machine())
    assert found["unit.1-of-2 runs"]["TimeoutSeconds"] == 600 + step_functions.SETUP
    assert found["prepare"]["TimeoutSeconds"] == step_functions.BUILD


def test_only_who_prepares_and_concludes_has_another_role() -> None:
    roles = {n: t["Parameters"]["Overrides"].get("TaskRoleArn") for n, t in asl.tasks(machine()).items()}
    assert (roles.pop("prepare"), roles.pop("conclude")) == (PLACE.prepare_role, PLACE.conclude_role)
    assert set(roles.values()) == {None}


def test_without_roles_of_their_own_they_have_the_definitions() -> None:
    bare = machine(place=PLACE.model_copy(update={"prepare_role": "", "conclude_role": ""}))
    assert not any("TaskRoleArn" in t["Parameters"]["Overrides"] for t in asl.tasks(bare).values())


def test_the_key_goes_to_every_task_and_into_no_definition() -> None:
    for task in asl.tasks(machine()).values():
        [container] = task["Parameters"]["Overrides"]["ContainerOverrides"]
        assert {"Name": KEY, "Value.$": "$.key"} in container["Environment"]
    again = [step_functions.compiled(solution(), make_plan(solution()), PLACE, {}) for _ in "ab"]
    assert again[0] == again[1]


def test_the_commit_that_its_input_names_is_what_is_prepared() -> None:
    [container] = asl.tasks(machine())["prepare"]["Parameters"]["Overrides"]["ContainerOverrides"]
    assert {"Name": "LOCKGATE_COMMIT", "Value.$": "$.input.commit"} in container["Environment"]
    states = machine()["States"]
    assert states["begin"]["Result"] == {"commit": "", "branch": ""}  # where it names none


def test_a_selection_holds_for_what_prepare_plans() -> None:
    part = machine(only=("data", "late"))
    [container] = asl.tasks(part)["prepare"]["Parameters"]["Overrides"]["ContainerOverrides"]
    assert "'--stage', 'data', '--stage', 'late'" in container["Command.$"]
    assert not any(n.startswith("unit") for n in asl.tasks(part))


@pytest.mark.parametrize(
    "name", ["prepare", "conclude", "seal", "begin", "passed", "not", "layer", "a" * 63, "x--y", "prepared"]
)
def test_a_stage_may_be_called_anything(name: str) -> None:
    stages = {name: {"kind": "unit", "suites": ["suites/unit"], "shards": 50}}
    definition = machine(stages)
    assert asl.problems(definition) == []
    assert Orchestrated({}, definition).status == "SUCCEEDED"


def sent(definition: dict[str, Any]) -> list[int]:
    """The size of each task's overrides as ECS gets them, every value as long as it can be."""
    sizes: list[int] = []
    longest = {"source": "s3://" + "b" * 63 + "/" + "k" * 1024, "commit": "c" * 40, "branch": "b" * 250}
    context = {"Execution": {"Name": "n" * 80, "Input": longest}}

    def filled(machine: dict[str, Any], data: Any) -> None:
        for state in machine["States"].values():
            if state["Type"] == "Task":
                sizes.append(len(json.dumps(asl.filled(state["Parameters"]["Overrides"], data, context))))
            for branch in state.get("Branches", ()):
                filled(branch, data)

    words = {
        n: [{"part": b["StartAt"].removesuffix(" runs"), "ended": "SUCCEEDED"} for b in s["Branches"]]
        for n, s in definition["States"].items()
        if s["Type"] == "Parallel"
    }
    data = {"store": "s3://" + "b" * 63 + "/runs/" + "n" * 80, "key": "0" * 72, "input": longest}
    filled(definition, data | {n.replace(" ", ""): w for n, w in words.items()})
    return sizes


def test_fifty_shards_fit_into_what_ecs_takes() -> None:
    stages = {"a" * 63: {"kind": "unit", "suites": ["suites/unit"], "shards": 50}}
    assert max(sent(machine(stages))) <= step_functions.OVERRIDES


def chain(count: int, name: str = "unit-of-many", **fields: Any) -> dict[str, Any]:
    return {f"{name}-{n}": {"kind": "unit", "suites": ["suites/unit"], **fields} for n in range(count)}


@pytest.mark.parametrize("count", range(1, 8))
def test_whatever_is_compiled_fits(count: int) -> None:
    """Around the limit: either it is refused, or it fits, and little is refused that would."""
    try:
        definition = machine(chain(count, shards=25))
    except UsageError as error:
        assert "fewer stages or shards" in error.hint
        assert count >= 4
        return
    assert max(sent(definition)) <= step_functions.OVERRIDES
    assert count <= 5


def test_a_definition_that_is_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="the definition has"):
        machine(place=PLACE.model_copy(update={"subnets": ("subnet-" + "1" * 300_000,)}))


BREAK: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no state": lambda m: m["States"]["prepare"].update(Next="nowhere"),
    "never reached": lambda m: m["States"].update(orphan={"Type": "Succeed"}),
    "neither ends": lambda m: m["States"]["seal"].pop("Next"),
    "TimeoutSeconds": lambda m: m["States"]["prepare"].pop("TimeoutSeconds"),
    "not everything is caught": lambda m: m["States"]["conclude"].pop("Catch"),
    "there twice": lambda m: m["States"]["layer 2"]["Branches"].append(m["States"]["layer 2"]["Branches"][0]),
    "characters": lambda m: m["States"].update({"x" * 81: {"Type": "Succeed"}}),
}


@pytest.mark.parametrize("said", BREAK)
def test_the_validator_sees_what_is_wrong(said: str) -> None:
    broken = machine()
    BREAK[said](broken)
    assert any(said in problem for problem in asl.problems(broken))

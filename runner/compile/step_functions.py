"""A plan as a state machine of Step Functions (Amazon States Language), each step an ECS task.

    begin -> seal -> prepare -> layer 1 (a branch a stage's part) -> ... -> conclude -> passed | not passed

A task has succeeded if ECS says that it stopped because its container ended with exit code 0: what
`ecs:runTask.sync` makes of a failed one is caught, and looked at as well, so that the word which
`conclude` gets holds wherever the machine runs. Only a PASSED verdict ends the execution as succeeded.
Input: {"source": "s3://bucket/key"}, the solution as a zip, and the "commit" and "branch" that it is of.

Sources: https://states-language.net/spec.html; AWS Step Functions Developer Guide, "Run Amazon ECS or
Fargate tasks with Step Functions", "Step Functions service quotas".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runner.compile import levels, parts
from runner.config.schema import FargateHost, Solution
from runner.errors import UsageError
from runner.model import Plan
from runner.remote.job import KEY

# Beside a stage's own deadline: to be placed, to fetch, to build the environment.
SETUP = 3600
BUILD = 6 * 3600
OUT = "/scratch/run"
# Where a container's name, its exit code and the stop code stand: in AWS's answer, and in the sandbox's.
TASKS = (
    ("$.task.Containers[{}].Name", "$.task.Containers[{}].ExitCode", "$.task.StopCode"),
    ("$.task.tasks[0].containers[{}].name", "$.task.tasks[0].containers[{}].exitCode",
     "$.task.tasks[0].stopCode"),
)  # fmt: skip
# Ours need not be the first of a task's: AWS adds some of its own (GuardDuty's runtime monitoring).
CONTAINERS = 3
# A definition, and a task's overrides as JSON, in characters; the longest that each value can be.
DEFINITION, OVERRIDES = 1_000_000, 8_192
LONGEST = {"$.store": 160, "$.key": 72, "$.input.source": 1_100, "$.input.commit": 40, "$.input.branch": 250}
State = dict[str, Any]


def compiled(solution: Solution, plan: Plan, place: FargateHost, environment: dict[str, str]) -> str:
    """The state machine's definition as JSON. `environment` is given to every task. Raises UsageError
    for a plan that is larger than Step Functions or ECS takes."""
    machine = _Machine(solution, place, environment)
    layers = levels(plan)
    states: dict[str, State] = {**machine.begin(len(layers)), **machine.prepare(plan)}
    for n, stages in enumerate(layers, 1):
        after = f"layer {n + 1}" if n < len(layers) else "conclude"
        branches = [b for stage in stages for b in machine.branches(stage)]
        states[f"layer {n}"] = {
            "Type": "Parallel", "Branches": branches, "ResultPath": f"$.layer{n}", "Next": after,
        }  # fmt: skip
    states |= machine.conclude(
        len(layers), [i for layer in layers for s in layer for i, _ in parts(solution, s)]
    )
    about = f"{solution.solution}: compiled by lockgate from lockgate.yml; change that, not this"
    text = json.dumps({"Comment": about, "StartAt": "begin", "States": states}, indent=2) + "\n"
    _fits("the definition has", len(text), DEFINITION)
    return text


def _fits(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise UsageError(
            f"{what} {size} characters, more than {limit}",
            where="lockgate.yml",
            hint="fewer stages or shards, or shorter names of stages",
        )


class _Machine:
    def __init__(self, solution: Solution, place: FargateHost, environment: dict[str, str]) -> None:
        self.solution, self.place, self.environment = solution, place, environment

    def begin(self, count: int) -> dict[str, State]:
        """The run's place and the key that its tasks seal with; what is not reached stays empty."""
        unknown = {"commit": "", "branch": ""}
        parameters = {
            "input.$": "States.JsonMerge($.unknown, $$.Execution.Input, false)",
            "store.$": f"States.Format('s3://{self.place.bucket}/runs/{{}}', $$.Execution.Name)",
            "key.$": "States.Format('{}{}', States.UUID(), States.UUID())",
            **{f"layer{n}": [] for n in range(1, count + 1)},
        }
        return {
            "begin": {"Type": "Pass", "Result": unknown, "ResultPath": "$.unknown", "Next": "seal"},
            "seal": {"Type": "Pass", "Parameters": parameters, "Next": "prepare"},
        }

    def prepare(self, plan: Plan) -> dict[str, State]:
        # A selection of stages was made when this was compiled, and holds for what it runs.
        stages = [] if plan.complete else [s.name for s in plan.steps if s.kind == "stage"]
        chosen = [word for name in stages for word in ("'--stage'", f"'{name}'")]
        command = ["'task'", "'prepare'", "'--store'", "$.store", "'--source'", "$.input.source", *chosen]
        commit = {"LOCKGATE_COMMIT": "$.input.commit", "LOCKGATE_BRANCH": "$.input.branch"}
        task = self.task(command, BUILD, "prepared?", "conclude", self.place.prepare_role, commit)
        return {"prepare": task, "prepared?": self.looked_at("layer 1", "conclude")}

    def branches(self, stage: str) -> list[State]:
        """A branch for each part of a stage; it always ends, with the word on how its task did."""
        timeout = int(self.solution.stages[stage].timeout) + SETUP
        found = []
        for ident, part in parts(self.solution, stage):
            sharded = ["'--part'", f"'{part}'"] if part else []
            command = ["'task'", "'stage'", "'--store'", "$.store", "'--stage'", f"'{stage}'", *sharded]
            # Names are the whole machine's, and have 80 characters: a part's has up to 72, and no space.
            run, look, yes, no = (f"{ident} {what}" for what in ("runs", "ended", "passed", "failed"))
            states = {
                run: self.task(command, timeout, look, no),
                look: self.looked_at(yes, no),
                yes: {"Type": "Pass", "Result": {"part": ident, "ended": "SUCCEEDED"}, "End": True},
                no: {"Type": "Pass", "Result": {"part": ident, "ended": "FAILED"}, "End": True},
            }
            found.append({"StartAt": run, "States": states})
        return found

    def conclude(self, count: int, every: list[str]) -> dict[str, State]:
        words = ", ".join(f"$.layer{n}" for n in range(1, count + 1))
        told = f"States.JsonToString(States.Array({words}))"
        command = ["'task'", "'conclude'", "'--store'", "$.store", "'--out'", f"'{OUT}'", "'--words'", told]
        longest = json.dumps(json.dumps([[{"part": i, "ended": "SUCCEEDED"}] for i in every]))
        cause = "the verdict is not PASSED: see report/ in the run's place, and the log of this task"
        return {
            "conclude": self.task(
                command, BUILD, "passed?", "not passed", self.place.conclude_role, longest=len(longest)
            ),
            "passed?": self.looked_at("passed", "not passed"),
            "passed": {"Type": "Succeed"},
            "not passed": {"Type": "Fail", "Error": "Lockgate.NotPassed", "Cause": cause},
        }

    def task(
        self, command: list[str], timeout: int, after: str, caught: str, role: str = "",
        variables: Mapping[str, str] = MappingProxyType({}), longest: int = 0,
    ) -> State:  # fmt: skip
        """A Fargate task that is waited for; whatever goes wrong with it leads to `caught`. `variables`
        are names of paths, `longest` is the size of what is put together in the command."""
        override = {
            "Name": self.place.container,
            "Command.$": f"States.Array({', '.join(command)})",
            "Environment": [
                *({"Name": n, "Value.$": path} for n, path in {KEY: "$.key", **variables}.items()),
                *({"Name": n, "Value": value} for n, value in self.environment.items()),
            ],
        }
        overrides = {"ContainerOverrides": [override], **({"TaskRoleArn": role} if role else {})}
        values = [*command, *variables.values(), "$.key"]
        size = len(json.dumps(overrides)) + longest + sum(LONGEST.get(value, 0) for value in values)
        _fits(f"the overrides of the task `lockgate {' '.join(command[:2])}` can have", size, OVERRIDES)
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": self.request(overrides),
            "TimeoutSeconds": timeout,
            "ResultPath": "$.task",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": caught}],
            "Next": after,
        }

    def request(self, overrides: State) -> State:
        network = {
            "Subnets": list(self.place.subnets),
            "SecurityGroups": list(self.place.security_groups),
            "AssignPublicIp": "ENABLED" if self.place.public_ip else "DISABLED",
        }
        return {
            "Cluster": self.place.cluster,
            "TaskDefinition": self.place.task_definition,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": network},
            "Overrides": overrides,
        }

    def looked_at(self, yes: str, no: str) -> State:
        """To `yes` if the task stopped because its container ended with exit code 0, else to `no`."""
        choices = [
            {
                "And": [
                    {"Variable": name, "IsPresent": True},
                    {"Variable": name, "StringEquals": self.place.container},
                    {"Variable": code, "IsPresent": True},
                    {"Variable": code, "IsNumeric": True},
                    {"Variable": code, "NumericEquals": 0},
                    {"Variable": stop, "IsPresent": True},
                    {"Variable": stop, "StringEquals": "EssentialContainerExited"},
                ],
                "Next": yes,
            }
            for n in range(CONTAINERS)
            for name, code, stop in [(path.format(n) for path in paths) for paths in TASKS]
        ]
        return {"Type": "Choice", "Choices": choices, "Default": no}

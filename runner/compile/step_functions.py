"""A plan as a state machine of Step Functions (Amazon States Language), each step an ECS task.

    seal -> prepare -> layer 1 (a branch a stage's part) -> ... -> conclude -> passed | not passed

A task has succeeded if ECS says that it stopped because its container ended with exit code 0: what
`ecs:runTask.sync` makes of a failed one is caught, and looked at as well, so that the word which
`conclude` gets holds wherever the machine runs. Only a PASSED verdict ends the execution as succeeded.
Input: {"source": "s3://bucket/key"}, the solution as a zip.

Sources: https://states-language.net/spec.html; AWS Step Functions Developer Guide, "Run Amazon ECS or
Fargate tasks with Step Functions".
"""

from __future__ import annotations

import json
from typing import Any

from runner.compile import levels, parts
from runner.config.schema import FargateHost, Solution
from runner.model import Plan
from runner.remote.job import KEY

# Beside a stage's own deadline: to be placed, to fetch, to build the environment.
SETUP = 3600
BUILD = 6 * 3600
OUT = "/scratch/run"
# Where the exit code and the stop code stand: in AWS's answer, and in the sandbox's.
TASKS = (
    ("$.task.Containers[0].ExitCode", "$.task.StopCode"),
    ("$.task.tasks[0].containers[0].exitCode", "$.task.tasks[0].stopCode"),
)
State = dict[str, Any]


def compiled(solution: Solution, plan: Plan, place: FargateHost, environment: dict[str, str]) -> str:
    """The state machine's definition as JSON. `environment` is given to every task."""
    machine = _Machine(solution, place, environment)
    layers = levels(plan)
    states: dict[str, State] = {"seal": machine.seal(len(layers)), **machine.prepare(plan)}
    for n, stages in enumerate(layers, 1):
        after = f"layer {n + 1}" if n < len(layers) else "conclude"
        branches = [b for stage in stages for b in machine.branches(stage)]
        states[f"layer {n}"] = {
            "Type": "Parallel", "Branches": branches, "ResultPath": f"$.layer{n}", "Next": after,
        }  # fmt: skip
    states |= machine.conclude(len(layers))
    about = f"{solution.solution}: compiled by lockgate from lockgate.yml; change that, not this"
    return json.dumps({"Comment": about, "StartAt": "seal", "States": states}, indent=2) + "\n"


class _Machine:
    def __init__(self, solution: Solution, place: FargateHost, environment: dict[str, str]) -> None:
        self.solution, self.place, self.environment = solution, place, environment

    def seal(self, count: int) -> State:
        """The run's place and the key that its tasks seal with; what is not reached stays empty."""
        return {
            "Type": "Pass",
            "Parameters": {
                "source.$": "$.source",
                "store.$": f"States.Format('s3://{self.place.bucket}/runs/{{}}', $$.Execution.Name)",
                "key.$": "States.Format('{}{}', States.UUID(), States.UUID())",
                **{f"layer{n}": [] for n in range(1, count + 1)},
            },
            "Next": "prepare",
        }

    def prepare(self, plan: Plan) -> dict[str, State]:
        # A selection of stages was made when this was compiled, and holds for what it runs.
        stages = [] if plan.complete else [s.name for s in plan.steps if s.kind == "stage"]
        chosen = [word for name in stages for word in ("'--stage'", f"'{name}'")]
        command = ["'task'", "'prepare'", "'--store'", "$.store", "'--source'", "$.source", *chosen]
        task = self.task(command, BUILD, "prepared?", "conclude")
        return {"prepare": task, "prepared?": _looked_at("layer 1", "conclude")}

    def branches(self, stage: str) -> list[State]:
        """A branch for each part of a stage; it always ends, with the word on how its task did."""
        timeout = int(self.solution.stages[stage].timeout) + SETUP
        found = []
        for ident, part in parts(self.solution, stage):
            sharded = ["'--part'", f"'{part}'"] if part else []
            command = ["'task'", "'stage'", "'--store'", "$.store", "'--stage'", f"'{stage}'", *sharded]
            yes, no, look = f"{ident} succeeded", f"{ident} failed", f"{ident} ended"
            states = {
                ident: self.task(command, timeout, look, no),
                look: _looked_at(yes, no),
                yes: {"Type": "Pass", "Result": {"part": ident, "ended": "SUCCEEDED"}, "End": True},
                no: {"Type": "Pass", "Result": {"part": ident, "ended": "FAILED"}, "End": True},
            }
            found.append({"StartAt": ident, "States": states})
        return found

    def conclude(self, count: int) -> dict[str, State]:
        words = ", ".join(f"$.layer{n}" for n in range(1, count + 1))
        told = f"States.JsonToString(States.Array({words}))"
        command = ["'task'", "'conclude'", "'--store'", "$.store", "'--out'", f"'{OUT}'", "'--words'", told]
        cause = "the verdict is not PASSED: see report/ in the run's place, and the log of this task"
        return {
            "conclude": self.task(command, BUILD, "passed?", "not passed"),
            "passed?": _looked_at("passed", "not passed"),
            "passed": {"Type": "Succeed"},
            "not passed": {"Type": "Fail", "Error": "Lockgate.NotPassed", "Cause": cause},
        }

    def task(self, command: list[str], timeout: int, after: str, caught: str) -> State:
        """A Fargate task that is waited for; whatever goes wrong with it leads to `caught`."""
        variables: list[State] = [{"Name": n, "Value": v} for n, v in self.environment.items()]
        override = {
            "Name": self.place.container,
            "Command.$": f"States.Array({', '.join(command)})",
            "Environment": [{"Name": KEY, "Value.$": "$.key"}, *variables],
        }
        network = {
            "Subnets": list(self.place.subnets),
            "SecurityGroups": list(self.place.security_groups),
            "AssignPublicIp": "ENABLED" if self.place.public_ip else "DISABLED",
        }
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": {
                "Cluster": self.place.cluster,
                "TaskDefinition": self.place.task_definition,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"AwsvpcConfiguration": network},
                "Overrides": {"ContainerOverrides": [override]},
            },
            "TimeoutSeconds": timeout,
            "ResultPath": "$.task",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": caught}],
            "Next": after,
        }


def _looked_at(yes: str, no: str) -> State:
    """To `yes` if the task's description has exit code 0 and ended by itself; anything else is `no`."""
    choices = [
        {
            "And": [
                {"Variable": code, "IsPresent": True},
                {"Variable": code, "IsNumeric": True},
                {"Variable": code, "NumericEquals": 0},
                {"Variable": stop, "IsPresent": True},
                {"Variable": stop, "StringEquals": "EssentialContainerExited"},
            ],
            "Next": yes,
        }
        for code, stop in TASKS
    ]
    return {"Type": "Choice", "Choices": choices, "Default": no}

"""How a CodeDeploy deployment of Lambda goes on: hooks, shares, alarms, rollbacks (see codedeploy_double)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from helpers.codedeploy_spec import HOOKS, Deployment, Said

OVER = ("Succeeded", "Failed", "Stopped")
ROLLED_BACK = {"Failed": "DEPLOYMENT_FAILURE", "ALARM": "DEPLOYMENT_STOP_ON_ALARM"}


class Engine:
    """Deployments that go on with `advance`; `client` makes clients of the sandbox, `clock` tells seconds."""

    def __init__(self, client: Callable[[str], Any], minute: float, clock: Callable[[], float]) -> None:
        self.client, self.minute, self.clock = client, minute, clock
        self.numbers = itertools.count(1)
        self.deployments: dict[str, Deployment] = {}

    def group_of(self, each: Deployment) -> Said:
        """The deployment group's description."""
        raise NotImplementedError

    def advance(self, each: Deployment) -> None:
        """As far as it goes now: hook, shares, hook, end."""
        each.status = "InProgress"
        if each.creator == "user" and (rings := self._ringing(each)):
            self._end(each, "Stopped", "ALARM_ACTIVE", f"in ALARM: {rings}")
            return self._roll_back_on(each, "ALARM")
        while each.status == "InProgress" and each.stage < 3:
            stage = (lambda: self._hooked(each, HOOKS[0]), lambda: self._shifted(each),
                     lambda: self._hooked(each, HOOKS[1]))[each.stage]  # fmt: skip
            if not stage():
                return None
            each.stage += 1
        if each.status == "InProgress":
            each.status = "Succeeded"
        return None

    def _hooked(self, each: Deployment, event: str) -> bool:
        """Whether the event's hook is over; a deployment fails with its hook."""
        if event not in each.hooks:
            return True
        if not each.hook.startswith(f"{event}-"):
            each.hook, each.moved = f"{event}-{each.id}", self.clock()
            told = {"DeploymentId": each.id, "LifecycleEventHookExecutionId": each.hook}
            self.client("lambda").invoke(
                FunctionName=each.hooks[event], InvocationType="Event", Payload=json.dumps(told).encode()
            )
        result = each.results.get(each.hook)
        if result == "Failed" or (result is None and self.clock() - each.moved > 60 * self.minute):
            self._end(each, "Failed", "HOOK_EXECUTION_FAILURE", f"{event}: {result or 'no answer'}")
            self._roll_back_on(each, "Failed")
        return result == "Succeeded"

    def _shifted(self, each: Deployment) -> bool:
        """Whether the target version has all traffic; moves the alias on when it is time."""
        if each.step < 0 and each.creator == "user" and self._alias(each) != each.target["CurrentVersion"]:
            self._end(each, "Failed", "INVALID_LAMBDA_CONFIGURATION", "CurrentVersion is not the alias's")
            return False
        if each.step >= 0 and self.clock() - each.moved < each.interval:
            return False
        each.step, each.moved = each.step + 1, self.clock()
        each.began = each.began or each.moved
        new, old = each.target["TargetVersion"], each.target["CurrentVersion"]
        if each.step == len(each.shares):
            self._route(each, new, {})
            return True
        self._route(each, old, {new: each.shares[each.step]})
        return False

    def _alias(self, each: Deployment) -> str:
        told = self.client("lambda").get_alias(FunctionName=each.target["Name"], Name=each.target["Alias"])
        return str(told["FunctionVersion"])

    def _route(self, each: Deployment, version: str, shares: dict[str, float]) -> None:
        self.client("lambda").update_alias(
            FunctionName=each.target["Name"], Name=each.target["Alias"], FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": shares},
        )  # fmt: skip

    def _ringing(self, each: Deployment) -> str:
        watched = self.group_of(each).get("alarmConfiguration", {})
        names = [a["name"] for a in watched.get("alarms", ())] if watched.get("enabled") else []
        told = self.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
        return ", ".join(a["AlarmName"] for a in told if a["StateValue"] == "ALARM")

    def _end(self, each: Deployment, status: str, code: str, message: str) -> None:
        each.status, each.error = status, {"code": code, "message": message}

    def _rollback_events(self, each: Deployment) -> list[str]:
        chosen = each.given.get("autoRollbackConfiguration") or self.group_of(each).get(
            "autoRollbackConfiguration", {}
        )
        return chosen.get("events", []) if chosen.get("enabled") else []

    def _roll_back_on(self, each: Deployment, why: str) -> None:
        if ROLLED_BACK[why] in self._rollback_events(each):
            self._roll_back(each)

    def _roll_back(self, each: Deployment) -> None:
        """A new deployment, all at once and without hooks, to what the alias had."""
        given = {**each.given, "description": f"CodeDeploy rollback of {each.id}"}
        back = {**each.target, "TargetVersion": each.target["CurrentVersion"]}
        new = self._new(given, back, {}, [], 0.0)
        new.creator, new.rollback = "codeDeployRollback", {"rollbackTriggeringDeploymentId": each.id}
        each.rollback = {"rollbackDeploymentId": new.id, "rollbackMessage": "rolled back"}

    def _new(
        self, given: Said, target: dict[str, str], hooks: dict[str, str], shares: list[float], interval: float
    ) -> Deployment:
        id = f"d-{next(self.numbers):09}"
        self.deployments[id] = Deployment(id, given, target, hooks, shares, interval, self.clock())
        return self.deployments[id]

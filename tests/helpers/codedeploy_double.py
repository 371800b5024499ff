"""A CodeDeploy of our own for Lambda: an HTTP server behind the real boto3, which moves real aliases.

Requests and answers are held against botocore's service model. The state is real, and time too, at a scale of
its own (`minute` seconds a minute): a ticker moves deployments on whoever asks or not. Lambda, CloudWatch and
hooks are those of the sandbox whose clients it is given. What is modelled beyond the service model, and from
where:

- one deployment a group at a time, else DeploymentLimitExceededException (user guide, "Limits");
- CreateDeployment has no token: the same request makes another deployment (API reference);
- AppSpec of a Lambda deployment: one resource, `CurrentVersion` must be what the alias points to;
- hooks BeforeAllowTraffic and AfterAllowTraffic are invoked once and answer by
  PutLifecycleEventHookExecutionStatus within an hour (user guide, "AppSpec 'hooks' section");
- an alarm in ALARM stops; what fails or stops is rolled back by a *new* deployment, if that is configured
  (user guide, "Redeploy and roll back a deployment").

Not modelled: IAM, triggers, S3 revisions, ECS and EC2. Nothing of it was compared with a real CodeDeploy.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems
from helpers.codedeploy_engine import OVER, Engine
from helpers.codedeploy_spec import Deployment, Fault, Said, app_spec, pace
from helpers.codepipeline import Refusal, serving

ALL = "CodeDeployDefault.LambdaAllAtOnce"
PREFIX, PAGE = "CodeDeploy_20141006.", 3


MODEL = ServiceModel(Loader().load_service_model("codedeploy", "service-2"))


class CodeDeployDouble(Engine):
    """The service; `client` makes clients of the sandbox, `clock` tells seconds."""

    def __init__(
        self, client: Callable[[str], Any], minute: float = 60.0, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(client, minute, clock)
        self.url, self.lock = "", threading.RLock()
        self.wrong_answers: list[str] = []
        self.reset()

    def reset(self) -> None:
        """As if newly started."""
        self.deployments = {}
        self.applications: dict[str, dict[str, Said]] = {}
        self.configs: dict[str, Said] = {}
        self.calls: list[tuple[str, Said]] = []
        self.faults: list[Fault] = []

    def group_of(self, each: Deployment) -> Said:
        return self._group(each.given)

    def answer(self, target: str, body: bytes, caller: str = "") -> tuple[Said, bool]:
        """(answer, whether it is lost on its way). Raises Refusal."""
        operation = target.removeprefix(PREFIX)
        if operation not in MODEL.operation_names or not hasattr(self, f"_{operation}"):
            raise Refusal("UnknownOperationException")
        model, given = MODEL.operation_model(operation), json.loads(body or b"{}")
        with self.lock:
            self.calls.append((operation, given))
            fault = next((f for f in self.faults if f.strikes(operation)), None)
            if fault and not fault.lost:
                raise Refusal(fault.code, "planted", fault.status)
            if wrong := problems(model.input_shape, given):
                raise Refusal("InvalidInputException", wrong)
            told = getattr(self, f"_{operation}")(given)
        if model.output_shape is not None and (wrong := problems(model.output_shape, told)):
            self.wrong_answers.append(wrong)
            raise Refusal("InternalFailure", wrong, 500)
        return told, fault is not None

    def count(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(name == operation for name, _ in self.calls)

    def tick(self) -> None:
        """Move everything on that is under way."""
        with self.lock:
            for each in [d for d in self.deployments.values() if d.status not in OVER]:
                self.advance(each)

    def _CreateApplication(self, given: Said) -> Said:
        if given["applicationName"] in self.applications:
            raise Refusal("ApplicationAlreadyExistsException")
        if given.get("computePlatform") != "Lambda":
            raise Refusal("InvalidComputePlatformException", "this double knows Lambda only")
        self.applications[given["applicationName"]] = {}
        return {"applicationId": f"app-{next(self.numbers)}"}

    def _CreateDeploymentGroup(self, given: Said) -> Said:
        groups = self._application(given)
        if given["deploymentGroupName"] in groups:
            raise Refusal("DeploymentGroupAlreadyExistsException")
        if len(given.get("alarmConfiguration", {}).get("alarms", ())) > 10:
            raise Refusal("AlarmsLimitExceededException")
        pace(given.get("deploymentConfigName", ALL), self.configs, self.minute)
        groups[given["deploymentGroupName"]] = given
        return {"deploymentGroupId": f"group-{next(self.numbers)}"}

    def _CreateDeploymentConfig(self, given: Said) -> Said:
        self.configs[given["deploymentConfigName"]] = given["trafficRoutingConfig"]
        return {"deploymentConfigId": f"config-{next(self.numbers)}"}

    def _CreateDeployment(self, given: Said) -> Said:
        group = self._group(given)
        if busy := [d.id for d in self._of(given) if d.status not in OVER]:
            raise Refusal("DeploymentLimitExceededException", f"{busy[0]} is under way in this group")
        target, hooks = app_spec(given.get("revision"))
        name = given.get("deploymentConfigName") or group.get("deploymentConfigName")
        shares, interval = pace(name or ALL, self.configs, self.minute)
        return {"deploymentId": self._new(given, target, hooks, shares, interval).id}

    def _GetDeployment(self, given: Said) -> Said:
        return {"deploymentInfo": self._info(self._deployment(given))}

    def _BatchGetDeployments(self, given: Said) -> Said:
        if len(given["deploymentIds"]) > 25:
            raise Refusal("BatchLimitExceededException")
        found = [self.deployments[i] for i in given["deploymentIds"] if i in self.deployments]
        return {"deploymentsInfo": [self._info(each) for each in found]}

    def _ListDeployments(self, given: Said) -> Said:
        self._group(given)
        span, only = given.get("createTimeRange", {}), given.get("includeOnlyStatuses")
        found = [
            d.id
            for d in self._of(given)
            if span.get("start", 0) <= d.created <= span.get("end", d.created)
            and (not only or d.status in only)
        ][::-1]
        begin = int(given.get("nextToken", 0))
        more = {"nextToken": str(begin + PAGE)} if begin + PAGE < len(found) else {}
        return {"deployments": found[begin : begin + PAGE], **more}

    def _StopDeployment(self, given: Said) -> Said:
        each = self._deployment(given)
        if each.status in OVER:
            raise Refusal("DeploymentAlreadyCompletedException")
        wanted = given.get("autoRollbackEnabled")
        self._end(each, "Stopped", "MANUAL_STOP", "stopped by a request")
        if wanted or (wanted is None and "DEPLOYMENT_STOP_ON_REQUEST" in self._rollback_events(each)):
            self._roll_back(each)
        return {"status": "Succeeded", "statusMessage": "stopped"}

    def _ListDeploymentTargets(self, given: Said) -> Said:
        each = self._deployment(given)
        if each.status == "Created":
            raise Refusal("DeploymentNotStartedException")
        return {"targetIds": [f"{each.target['Name']}:{each.target['Alias']}"]}

    def _GetDeploymentTarget(self, given: Said) -> Said:
        each = self._deployment(given)
        event = {"lifecycleEventName": "AllowTraffic", "status": "InProgress"}
        events = [event | {"startTime": each.began}] if each.began else []
        target = {"deploymentId": each.id, "targetId": given["targetId"], "lifecycleEvents": events}
        return {"deploymentTarget": {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}}

    def _PutLifecycleEventHookExecutionStatus(self, given: Said) -> Said:
        each = self._deployment(given)
        if given["status"] not in ("Succeeded", "Failed"):
            raise Refusal("InvalidLifecycleEventHookExecutionStatusException")
        if given["lifecycleEventHookExecutionId"] != each.hook:
            raise Refusal("InvalidLifecycleEventHookExecutionIdException")
        if each.hook in each.results:
            raise Refusal("LifecycleEventAlreadyCompletedException")
        each.results[each.hook] = given["status"]
        return {"lifecycleEventHookExecutionId": each.hook}

    def _application(self, given: Said) -> dict[str, Said]:
        if given["applicationName"] not in self.applications:
            raise Refusal("ApplicationDoesNotExistException")
        return self.applications[given["applicationName"]]

    def _group(self, given: Said) -> Said:
        groups = self._application(given)
        if given["deploymentGroupName"] not in groups:
            raise Refusal("DeploymentGroupDoesNotExistException")
        return groups[given["deploymentGroupName"]]

    def _of(self, given: Said) -> list[Deployment]:
        key = ("applicationName", "deploymentGroupName")
        return [d for d in self.deployments.values() if all(d.given[k] == given[k] for k in key)]

    def _deployment(self, given: Said) -> Deployment:
        if given["deploymentId"] not in self.deployments:
            raise Refusal("DeploymentDoesNotExistException")
        return self.deployments[given["deploymentId"]]

    def _info(self, each: Deployment) -> Said:
        group = self._group(each.given)
        config = each.given.get("deploymentConfigName") or group.get("deploymentConfigName")
        told = {
            "applicationName": each.given["applicationName"],
            "deploymentGroupName": each.given["deploymentGroupName"],
            "deploymentConfigName": config or ALL,
            "deploymentId": each.id,
            "revision": each.given["revision"],
            "status": each.status,
            "errorInformation": each.error,
            "createTime": each.created,
            "description": each.given.get("description", ""),
            "creator": each.creator,
            "rollbackInfo": each.rollback,
            "computePlatform": "Lambda",
        }
        return {name: value for name, value in told.items() if value not in ({}, "")}


@contextmanager
def deploying(service: CodeDeployDouble) -> Iterator[CodeDeployDouble]:
    """The service at `service.url`, and time that passes in it."""
    ended = threading.Event()

    def passing() -> None:
        while not ended.wait(0.05):
            service.tick()

    thread = threading.Thread(target=passing, daemon=True)
    with serving(service):  # type: ignore[arg-type]  # what it needs of a service, this one has
        thread.start()
        try:
            yield service
        finally:
            ended.set()
            thread.join(10)

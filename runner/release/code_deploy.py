"""CodeDeploy's deployments of one group: found by the release that they are of, made once, stopped.

CreateDeployment has no token, so the release stands in the description, and is looked for before anything is
created and after an answer was lost. A group has one deployment at a time, which stops a second one too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError
from runner.release.alias import Guard
from runner.release.app_spec import revision
from runner.release.target import Moving

OVER = ("Succeeded", "Failed", "Stopped")
BUSY, COMPLETED = "DeploymentLimitExceededException", "DeploymentAlreadyCompletedException"
ROLLBACK = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
BATCH = 25  # deployments of a BatchGetDeployments
# CodeDeploy's clock and ours need not agree.
SLACK = timedelta(hours=1)
Info = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeploymentGroup:
    """One group of one application. `guard` is called right before each change. Methods raise AwsError."""

    aws: Aws
    application: str
    name: str
    guard: Guard

    def start(
        self, each: Moving, config: str, release: str, since: datetime, hooks: Mapping[str, str]
    ) -> Info:
        """The release's deployment of an alias, created where there is none since `since`."""
        description = f"lockgate {release} {each.function}:{each.alias} {each.old} to {each.new}"
        found = self._find(description, since)
        return found or self.info(self._create(each, config, description, hooks, since))

    def info(self, id: str) -> Info:
        """A deployment as it is now."""
        told: Info = self.aws.call("codedeploy", "get_deployment", deploymentId=id)["deploymentInfo"]
        return told

    def traffic_since(self, id: str) -> datetime | None:
        """When a deployment began to move traffic; None where it has not, or does not say."""
        targets = self.aws.pages("codedeploy", "list_deployment_targets", "targetIds", deploymentId=id)
        for target in targets:
            told = self.aws.call("codedeploy", "get_deployment_target", deploymentId=id, targetId=str(target))
            events = told["deploymentTarget"].get("lambdaTarget", {}).get("lifecycleEvents", ())
            for event in events:
                if event["lifecycleEventName"] == "AllowTraffic" and "startTime" in event:
                    begun: datetime = event["startTime"]
                    return begun
        return None

    def stop(self, id: str) -> None:
        """Stop it and have CodeDeploy roll it back; one that is over stays what it is."""
        if self.info(id)["status"] in OVER:
            return
        self.guard()
        try:
            self.aws.call("codedeploy", "stop_deployment", deploymentId=id, autoRollbackEnabled=True)
        except AwsError as error:
            if error.code != COMPLETED and self.info(id)["status"] not in OVER:
                raise

    def __str__(self) -> str:
        return f"codedeploy:{self.application}/{self.name}"

    def _create(
        self, each: Moving, config: str, description: str, hooks: Mapping[str, str], since: datetime
    ) -> str:
        self.guard()
        try:
            told = self.aws.call(
                "codedeploy", "create_deployment",
                applicationName=self.application, deploymentGroupName=self.name, description=description,
                deploymentConfigName=config, revision=revision(each, hooks),
                autoRollbackConfiguration={"enabled": True, "events": list(ROLLBACK)},
            )  # fmt: skip
        except AwsError as error:
            # Its answer may have been lost, or a retry found it under way: then it is there.
            found = self._find(description, since)
            if found is None:
                raise self._explained(error, since) from error
            return str(found["deploymentId"])
        return str(told["deploymentId"])

    def _explained(self, error: AwsError, since: datetime) -> InfrastructureError:
        if error.code != BUSY:
            return error
        busy = next((i for i in self._listed(since - timedelta(days=2)) if i["status"] not in OVER), {})
        who = f"{busy.get('deploymentId', 'one')} ({busy.get('description') or busy.get('creator', '?')})"
        return InfrastructureError(
            f"another deployment is under way: {who}", where=str(self), hint="wait for it, or stop it"
        )

    def _find(self, description: str, since: datetime) -> Info | None:
        return next((i for i in self._listed(since) if i.get("description") == description), None)

    def _listed(self, since: datetime) -> Iterator[Info]:
        ids = self.aws.pages(
            "codedeploy", "list_deployments", "deployments",
            applicationName=self.application, deploymentGroupName=self.name,
            createTimeRange={"start": since - SLACK},
        )  # fmt: skip
        for begin in range(0, len(ids), BATCH):
            some = ids[begin : begin + BATCH]
            told = self.aws.call("codedeploy", "batch_get_deployments", deploymentIds=some)
            yield from told["deploymentsInfo"]

"""Moving one alias by CodeDeploy: it moves and keeps the time, the canary judge stops it where it must.

CodeDeploy does not ask before it goes on, so each step's last look is taken at nine tenths of its time. A
step that ended before it was passed, and a last step that nobody watched, were not passed: the old version
gets its traffic back. Steps that ended before this process took over are the affair of the one before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, LockgateError, SolutionError
from runner.release.alias import LambdaAlias, Routing
from runner.release.canary import CanaryLimits, Outcome
from runner.release.canary_watch import Subject
from runner.release.code_deploy import OVER, DeploymentGroup, Info
from runner.release.pace import Pace
from runner.release.target import Moving
from runner.text import one_line

LAST_LOOK = 0.9
# Polls in a row without an answer, after those that boto3 itself repeats.
PATIENCE = 5


@dataclass
class Step:
    """A share of the traffic since a moment; `looks` were taken, and the last of them passed it."""

    share: float
    since: datetime
    looks: int = 0
    is_passed: bool = False


@dataclass
class CodeDeployShifter:
    """The tools of one alias's shift; `group`, `alias` and `subject` are that one's. `config` is a deployment
    configuration of one's own, for a pace that CodeDeploy has none of."""

    group: DeploymentGroup
    alias: LambdaAlias
    subject: Subject
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    limits: CanaryLimits = field(default_factory=CanaryLimits)
    hooks: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    poll: float = 10.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def shift(self, each: Moving, pace: Pace, release: str, since: datetime) -> None:
        """All traffic to the new version by the release's one deployment, made where there is none since
        `since`. Raises SolutionError where it must not have it: the old version has it again then."""
        told = self.group.start(each, self.config or pace.code_deploy, release, since, self.hooks)
        id = str(told["deploymentId"])
        self.say(f"{self.alias}: CodeDeploy deployment {id}")
        if cause := self._followed(id, each, pace):
            self._undo(id, each)
            raise SolutionError(f"canary: {cause}")

    def _followed(self, id: str, each: Moving, pace: Pace) -> str:
        """Watch it to its end; why the old version must have the traffic, '' where it must not."""
        step = Step(0.0, self.clock())
        while (told := self._polled(id, each))[0]["status"] not in OVER:
            share = told[1]
            if share not in (step.share, 1.0):
                if step.share and not (step.is_passed and (step.share, share) in pairwise(pace.steps)):
                    return f"CodeDeploy went on to {share:.0%} before all before it had been passed"
                step = Step(share, self._began(id, pace, share))
            if cause := self._looked(step, pace):
                return cause
            self.sleep(self._nap(step, pace))
            self.group.guard()
        return self._ended(told[0], each, pace, step)

    def _polled(self, id: str, each: Moving) -> tuple[Info, float]:
        """The deployment and the new version's share now; a watch does not end with one lost answer."""
        for _ in range(PATIENCE):
            try:
                return self.group.info(id), self.alias.routing().share(each.new)
            except AwsError as error:
                self.say(f"{self.alias}: {one_line(str(error))}")
                self.sleep(1.0)
        return self.group.info(id), self.alias.routing().share(each.new)

    def _began(self, id: str, pace: Pace, share: float) -> datetime:
        """When this share was given, by CodeDeploy's own record of when it began to move."""
        begun = self.group.traffic_since(id)
        if begun is None or share not in pace.steps:
            return self.clock()
        return begun + timedelta(minutes=pace.minutes * pace.steps.index(share))

    def _looked(self, step: Step, pace: Pace) -> str:
        """Take the look that is due at a step; the cause where it ends the canary."""
        if not step.share or self._due(step, pace) > 0:
            return ""
        per_step = self._per_step(pace)
        gone = (self.clock() - step.since).total_seconds() / self._span(pace)
        step.looks = min(per_step, int(gone * per_step + 1e-9))
        limits = replace(self.limits, looks=per_step * len(pace.steps))
        verdict = self.subject.look(step.since, self.clock(), limits)
        self.say(f"look {step.looks} of {per_step} at {step.share:.0%}: {verdict}")
        is_last = step.looks == per_step
        step.is_passed = is_last and verdict.outcome is Outcome.PASS
        if verdict.outcome is Outcome.FAIL or (is_last and not step.is_passed):
            return f"{self.subject.name} {verdict}"
        return ""

    def _due(self, step: Step, pace: Pace) -> float:
        """Seconds until the step's next look; infinite where there is none any more."""
        if step.looks == self._per_step(pace):
            return math.inf
        when = self._span(pace) * (step.looks + 1) / self._per_step(pace)
        return when - (self.clock() - step.since).total_seconds()

    def _nap(self, step: Step, pace: Pace) -> float:
        return min(self.poll, max(1.0, self._due(step, pace))) if step.share else self.poll

    def _per_step(self, pace: Pace) -> int:
        return max(1, self.limits.looks // max(1, len(pace.steps)))

    def _span(self, pace: Pace) -> float:
        return 60 * pace.minutes * LAST_LOOK

    def _ended(self, told: Info, each: Moving, pace: Pace, step: Step) -> str:
        if told["status"] != "Succeeded":
            why = told.get("errorInformation", {})
            return f"CodeDeploy {told['status']}: {why.get('code', '')} {why.get('message', '')}".rstrip()
        if pace.steps and not (step.is_passed and step.share == pace.steps[-1]):
            return f"CodeDeploy ended before {pace.steps[-1]:.0%} had been passed"
        if (found := self.alias.routing()) != Routing(each.new):
            return f"CodeDeploy Succeeded, but {self.alias} points to {found}"
        return ""

    def _undo(self, id: str, each: Moving) -> None:
        """Traffic to the old version: by CodeDeploy's rollback, or where there is none, directly."""
        try:
            self.group.stop(id)
            if back := self.group.info(id).get("rollbackInfo", {}).get("rollbackDeploymentId"):
                self.say(f"{self.alias}: CodeDeploy rolls back by {back}")
                self._over(str(back))
        except LockgateError as error:
            self.say(f"{self.alias}: CodeDeploy could not be asked to roll back: {one_line(str(error))}")
        if self.alias.route(Routing(each.old)):
            self.say(f"{self.alias} points to version {each.old}")

    def _over(self, id: str) -> None:
        """Wait until a rollback is over; ten minutes at most, since it moves all at once."""
        begun = self.clock()
        while self.group.info(id)["status"] not in OVER:
            if (self.clock() - begun).total_seconds() > 600:
                raise InfrastructureError("the rollback does not end", where=id)
            self.sleep(self.poll)
            self.group.guard()

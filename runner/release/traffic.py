"""How aliases move, by what the environment says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runner.adapters.aws import Aws
from runner.config.canary import Canary as Tolerated
from runner.config.canary import CodeDeploy
from runner.config.schema import Environment
from runner.errors import RefusedError
from runner.release.alias import LambdaAlias, Routing
from runner.release.canary import CanaryLimits
from runner.release.canary_metrics import CloudWatchMetrics
from runner.release.canary_watch import Subject
from runner.release.code_deploy import DeploymentGroup
from runner.release.code_deploy_shifting import CodeDeployShifter
from runner.release.pace import Pace, parse_pace
from runner.release.records import Kind, Release
from runner.release.shifting import Shifter
from runner.release.target import Moving


class Pacing(Protocol):
    """The time in which traffic moves; tests have one of their own."""

    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def sleep(self) -> Callable[[float], None]: ...
    @property
    def settle(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Aliases:
    """Moves the aliases of a stack. `shifter` is for what does not move all at once; `code_deploy`
    names the groups that do it instead."""

    aws: Aws
    shifter: Shifter
    code_deploy: CodeDeploy | None = None

    def is_needed(self, release: Release) -> bool:
        """Whether anything else than the stack's own update has to move them."""
        return bool(parse_pace(release.traffic).percent or self._group(release))

    def _group(self, release: Release) -> CodeDeploy | None:
        return self.code_deploy if release.kind is Kind.DEPLOY else None

    def shift(self, moving: Sequence[Moving], release: Release) -> None:
        """At the release's pace, judged at each step; all at once is left to the stack's own update.

        Raises SolutionError where the new versions must not have the traffic."""
        pace = parse_pace(release.traffic)
        if group := self._group(release):
            self._by_code_deploy(group, moving, pace, release)
        elif pace.percent:
            self.shifter.shift(moving, pace)

    def _by_code_deploy(
        self, told: CodeDeploy, moving: Sequence[Moving], pace: Pace, release: Release
    ) -> None:
        """One deployment an alias, one after the other; the release's id stands in its description."""
        if missing := [each.logical for each in moving if each.logical not in told.groups]:
            raise RefusedError(
                f"no CodeDeploy group is named for {', '.join(missing)}", where="environments.code_deploy"
            )
        hooks = {"BeforeAllowTraffic": told.before_hook, "AfterAllowTraffic": told.after_hook}
        named = {event: function for event, function in hooks.items() if function}
        mine, since = self.shifter, datetime.fromisoformat(release.when)
        for each in moving:
            alias = self._alias(each)
            group = DeploymentGroup(self.aws, told.application, told.groups[each.logical], mine.guard)
            subject = Subject(str(alias), each.old, each.new, mine.metrics_of(each))
            shifter = CodeDeployShifter(
                group, alias, subject, mine.say, mine.sleep, mine.limits_of(each), named, told.config,
                clock=mine.clock,
            )  # fmt: skip
            shifter.shift(each, pace, release.id, since)

    def rest(self, moving: Sequence[Moving]) -> None:
        """No alias sends a part of its traffic elsewhere: all of it goes to where it points."""
        for each in moving:
            alias = self._alias(each)
            alias.route(Routing(alias.routing().version))

    def follow(self, moving: Sequence[Moving]) -> None:
        """All traffic to the version that the stack has published for each alias."""
        for each in moving:
            self._alias(each).route(Routing(each.new or each.old))

    def _alias(self, each: Moving) -> LambdaAlias:
        return LambdaAlias(self.aws, each.function, each.alias, lambda: None)


def traffic_of(
    environment: Environment, aws: Aws, guard: Callable[[], None], world: Pacing, say: Callable[[str], None]
) -> Aliases:
    """What moves an environment's aliases. `aws` asks `guard` itself before each change."""
    told = environment.canary

    def metrics(moving: Moving) -> CloudWatchMetrics:
        labels = () if moving.logical in told.silent else told.labels
        return CloudWatchMetrics(aws, moving.function, moving.alias, labels)

    shifter = Shifter(
        aws, guard, metrics, say, world.sleep, limits_of(told), environment.alarms,
        world.settle, world.clock, told.silent,
    )  # fmt: skip
    return Aliases(aws, shifter, environment.code_deploy)


def limits_of(told: Tolerated) -> CanaryLimits:
    """lockgate.yml's words as the judge's limits."""
    ratio = told.latency_ratio
    return CanaryLimits(
        told.alpha, told.looks, told.min_requests, told.error_margin,
        {0.5: ratio, 0.95: ratio, 0.99: 2 * ratio - 1}, told.latency_floor_ms, told.output_shift,
    )  # fmt: skip

"""Moving Lambda aliases to new versions step by step, a canary judged at each step; back if it is not passed.

    share 10 % -> look, look, look ... PASS -> share 20 % -> ... -> all -> done
                          | FAIL, INCONCLUSIVE at the last look, an alarm
                          v
                  everything to the old versions

Nothing is remembered here: where aliases point is the state, so a shift that was cut off goes on from there
(and watches the step at which it was cut off anew). All aliases of a release move together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError, LockgateError, SolutionError
from runner.release.alias import Guard, LambdaAlias, Routing
from runner.release.canary import CanaryLimits, CanaryVerdict, Outcome
from runner.release.canary_metrics import CanaryMetrics
from runner.release.canary_watch import Subject, ringing
from runner.release.pace import Pace
from runner.release.target import Moving
from runner.text import one_line

MetricsOf = Callable[[Moving], CanaryMetrics]
# A lease wants to be renewed well within its 90 seconds.
NAP = 20.0


@dataclass
class Shifter:
    """The tools. `settle`: seconds after a step until its numbers have come; `guard` raises where this
    process may change nothing any more, and is called before each change and while waiting."""

    aws: Aws
    guard: Guard
    metrics_of: MetricsOf
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    limits: CanaryLimits = field(default_factory=CanaryLimits)
    alarms: tuple[str, ...] = ()
    settle: float = 90.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    silent: tuple[str, ...] = ()  # aliases, by logical name, whose functions tell no outputs

    def limits_of(self, each: Moving) -> CanaryLimits:
        """What is tolerated of an alias: its outputs are not compared where it was said to tell none."""
        return replace(self.limits, output_shift=None) if each.logical in self.silent else self.limits

    def shift(self, moving: Sequence[Moving], pace: Pace) -> dict[str, CanaryVerdict]:
        """All traffic to the new versions; the last verdict of each alias that was judged. Raises
        SolutionError where they must not have it: the old ones have it again then."""
        self._require_ready(moving)
        shares = {each: self._share(each) for each in moving}
        # One that has all of it was passed together with the others, before this process was started.
        under_way = [each for each in moving if shares[each] < 1]
        verdicts: dict[str, CanaryVerdict] = {}
        for share in pace.steps if under_way else ():
            if share >= min(shares[each] for each in under_way) or share == pace.steps[-1]:
                for each in under_way:
                    self._raise_to(each, share)
                verdicts = self._watched(under_way, pace)
        for each in moving:
            self.give(each, each.new)
        return verdicts

    def restore(self, moving: Sequence[Moving]) -> None:
        """All traffic to the old versions. Goes on where one alias fails, and raises the first error then."""
        errors = []
        for each in moving:
            try:
                self.give(each, each.old)
            except LockgateError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def give(self, each: Moving, version: str) -> None:
        """All of an alias's traffic to one version."""
        if self._alias(each).route(Routing(version)):
            self.say(f"{each.function}:{each.alias} points to version {version}")

    def _require_ready(self, moving: Sequence[Moving]) -> None:
        for each in moving:
            found = self._alias(each).routing()
            if {found.version, *found.shares} - {each.old, each.new}:
                raise InfrastructureError(
                    f"it points to {found}, which is neither version {each.old} nor {each.new}",
                    where=f"{each.function}:{each.alias}",
                    hint="`lockgate status` says what is under way",
                )
        if rings := ringing(self.aws, self.alarms):
            self.restore(moving)
            raise SolutionError(f"no traffic for new versions: in ALARM before it: {', '.join(rings)}")

    def _share(self, each: Moving) -> float:
        return self._alias(each).routing().share(each.new)

    def _raise_to(self, each: Moving, share: float) -> None:
        """What has more already keeps it: it was moved before this process was started."""
        if self._share(each) < share:
            self._alias(each).route(Routing(each.old, {each.new: share}))
            self.say(f"{share:.0%} of {each.function}:{each.alias} goes to version {each.new}")

    def _watched(self, moving: Sequence[Moving], pace: Pace) -> dict[str, CanaryVerdict]:
        """One step: looks until its end. Raises SolutionError, the traffic being back, unless all PASS."""
        looks = max(1, self.limits.looks // len(pace.steps))
        spread = looks * len(pace.steps) * len(moving)
        since, verdicts = self.clock(), dict[str, CanaryVerdict]()
        for number in range(1, looks + 1):
            last = number == looks
            self._wait(since, 60 * pace.minutes * number / looks + (self.settle if last else 0))
            verdicts = self._look(moving, since, spread)
            cause = self._alarm() or _cause(verdicts, last)
            self.say(f"look {number} of {looks}: {cause or ', '.join(_short(verdicts))}")
            if cause:
                self.restore(moving)
                raise SolutionError(f"canary: {cause}")
        return verdicts

    def _look(self, moving: Sequence[Moving], since: datetime, spread: int) -> dict[str, CanaryVerdict]:
        """The judge's word on each alias; what may be spent is shared by `spread` looks."""
        verdicts = {}
        for each in moving:
            subject = Subject(f"{each.function}:{each.alias}", each.old, each.new, self.metrics_of(each))
            limits = replace(self.limits_of(each), looks=spread)
            verdicts[subject.name] = subject.look(since, self.clock(), limits)
        return verdicts

    def _alarm(self) -> str:
        try:
            rings = ringing(self.aws, self.alarms)
        except AwsError as error:
            return f"alarms could not be read: {one_line(str(error))}"
        return f"in ALARM: {', '.join(rings)}" if rings else ""

    def _wait(self, since: datetime, seconds: float) -> None:
        while (left := seconds - (self.clock() - since).total_seconds()) > 0:
            self.sleep(min(left, NAP))
            self.guard()

    def _alias(self, each: Moving) -> LambdaAlias:
        return LambdaAlias(self.aws, each.function, each.alias, self.guard)


def _cause(verdicts: Mapping[str, CanaryVerdict], last: bool) -> str:
    """Why the traffic must go back; '' where it need not (yet)."""
    bad = (Outcome.FAIL, Outcome.INCONCLUSIVE) if last else (Outcome.FAIL,)
    return "; ".join(f"{name} {v}" for name, v in verdicts.items() if v.outcome in bad)


def _short(verdicts: Mapping[str, CanaryVerdict]) -> list[str]:
    return [f"{name} {v.outcome}" for name, v in verdicts.items()]

"""Looking at a canary while it lasts: alarms, and the judge over what CloudWatch tells of both versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.adapters.aws import Aws, AwsError
from runner.release.canary import CanaryLimits, CanaryVerdict, Outcome, judge
from runner.release.canary_metrics import CanaryMetrics
from runner.text import one_line

KINDS = {"MetricAlarms": "MetricAlarm", "CompositeAlarms": "CompositeAlarm"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Two versions behind an alias (`name`, for people), and where their numbers come from."""

    name: str
    old: str
    new: str
    metrics: CanaryMetrics

    def look(self, since: datetime, until: datetime, limits: CanaryLimits) -> CanaryVerdict:
        """The judge's word; INCONCLUSIVE where the numbers could not be had."""
        try:
            old, new = (self.metrics.window(version, since, until) for version in (self.old, self.new))
        except AwsError as error:
            return CanaryVerdict(Outcome.INCONCLUSIVE, (one_line(str(error)),))
        return judge(old, new, limits)


def ringing(aws: Aws, names: Sequence[str]) -> list[str]:
    """Which of the alarms are in ALARM. One that does not exist watches nothing, so it raises AwsError."""
    if not names:
        return []
    told = {
        alarm["AlarmName"]: alarm["StateValue"]
        for field, kind in KINDS.items()
        for alarm in aws.pages(
            "cloudwatch", "describe_alarms", field, AlarmNames=list(names), AlarmTypes=[kind]
        )
    }
    if missing := [name for name in names if name not in told]:
        raise AwsError(f"no such alarm: {', '.join(missing)}", where="cloudwatch", hint="see `alarms`")
    return [name for name in names if told[name] == "ALARM"]

"""How fast traffic goes over to a new version, as lockgate.yml says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.errors import UsageError

PATTERN = re.compile(r"(?:(canary)-(\d+)-percent-(\d+)|(linear)-(\d+)-percent-every-(\d+))-minutes?")
LONGEST, ALL_AT_ONCE = 2880, "all-at-once"


@dataclass(frozen=True, slots=True)
class Pace:
    """`percent` of the traffic at a time, `minutes` after each time; a canary has one such step, then all.
    No percent: all at once."""

    percent: int = 0
    minutes: float = 0.0
    is_linear: bool = False

    @property
    def steps(self) -> tuple[float, ...]:
        """The new version's shares, in (0, 1), before it has all."""
        if not self.percent:
            return ()
        last = 100 if self.is_linear else self.percent + 1
        return tuple(share / 100 for share in range(self.percent, last, self.percent))

    @property
    def code_deploy(self) -> str:
        """CodeDeploy's own configuration of this pace, where it has one by this name."""
        if not self.percent:
            return "CodeDeployDefault.LambdaAllAtOnce"
        plural = "" if self.minutes == 1 else "s"
        if self.is_linear:
            return f"CodeDeployDefault.LambdaLinear{self.percent}PercentEvery{self.minutes:g}Minute{plural}"
        return f"CodeDeployDefault.LambdaCanary{self.percent}Percent{self.minutes:g}Minute{plural}"


def parse_pace(text: str) -> Pace:
    """'all-at-once', 'canary-10-percent-5-minutes', 'linear-10-percent-every-1-minute'. Raises UsageError."""
    if text == ALL_AT_ONCE:
        return Pace()
    found = PATTERN.fullmatch(text)
    kind, percent, minutes = (g for g in found.groups() if g) if found else ("", "0", "0")
    if not (1 <= int(percent) <= 99 and 1 <= int(minutes) <= LONGEST):
        raise UsageError(
            f"traffic cannot move as {text!r}",
            hint=f"all-at-once, canary-10-percent-5-minutes, linear-10-percent-every-1-minute "
            f"(1 to 99 percent, 1 to {LONGEST} minutes)",
        )
    return Pace(int(percent), float(minutes), kind == "linear")

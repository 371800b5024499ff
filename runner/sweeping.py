"""`lockgate sweep`: what test stacks left is found, planned, shown, and removed where that was asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.output import say
from runner.config.load import load
from runner.config.schema import IntegrationStage, Solution
from runner.errors import UsageError
from runner.sandbox.choose import URL, is_real, standing_target
from runner.stages.stack_deploy import Stacks
from runner.sweep.find import find
from runner.sweep.plan import SweepPlan, plan
from runner.sweep.remove import Removed, remove
from runner.text import one_line

AGE = re.compile(r"(\d{1,6})(m|h|d)", re.ASCII)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
POLL = {"sandbox": 0.1, "real": 5.0}


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was asked for: of which solution ('': of all), how old at least, in which AWS."""

    solution: str
    older_than: timedelta
    target: AwsTarget


def asked(root: Path, *, every: bool, older_than: str, real: bool) -> Sweep:
    """The sweep of a solution's tests, or of `every` solution's. Raises UsageError where it is not said in
    which AWS, ConfigError for a wrong lockgate.yml."""
    age = _age(older_than)
    solution = None if every else load(root)
    target = standing_target(real=is_real(real), region=_region(solution) if solution else None)
    if target is None:
        raise UsageError("in which AWS?", where="--aws", hint=f"--aws, {URL}, or `lockgate sandbox up`")
    return Sweep(solution.solution if solution else "", age, target)


def _age(text: str) -> timedelta:
    match = AGE.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{one_line(text, 40)!r} is no age", where="--older-than", hint="such as 90m, 2h, 1d"
        )
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _region(solution: Solution) -> str | None:
    """Where the solution's test stacks are made; None leaves it to the AWS in use."""
    tests = [stage for stage in solution.stages.values() if isinstance(stage, IntegrationStage)]
    environments = (solution.environments.get(stage.environment) for stage in tests)
    return next((e.region for e in environments if e and e.region), None)


def planned(sweep: Sweep, aws: Aws) -> SweepPlan:
    """What would be removed. Raises AwsError where something cannot be listed."""
    return plan(find(aws), datetime.now(UTC), sweep.older_than, sweep.solution)


def carried_out(sweep: Sweep, aws: Aws, what: SweepPlan) -> list[Removed]:
    """Remove what was planned, and nothing else; what became of each thing."""
    stacks = Stacks(aws, poll=POLL[sweep.target.kind])
    return remove(stacks, what, lambda line: say(sys.stderr, line))


def lines(sweep: Sweep, what: SweepPlan) -> Iterator[str]:
    """The plan, for people."""
    whose = f"tests of {sweep.solution}" if sweep.solution else "tests of every solution"
    yield sweep.target.description
    if not (what.stacks or what.resources):
        yield f"nothing to remove: {whose} left nothing that is older than {sweep.older_than}"
    for item in (*what.stacks, *what.resources):
        yield one_line(f"remove  {item.kind} {item.name}  (run {item.run} of {item.solution})", 400)
    for kept in what.kept:
        yield one_line(f"leave   {kept.name}  (run {kept.run}): {kept.why}", 400)

"""What really runs in a stack, read back from the services themselves, and how it differs from a release.

CloudFormation's own word is not enough: a platform may silently roll back, an alias may be moved by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.adapters.aws import Aws, AwsError
from runner.release.expected import CODE, NUMBER, ROUTING, STACK, Expectation
from runner.release.reread import READERS, Look, Seen
from runner.release.stack import MASKED
from runner.text import one_line

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")
# How each service says that something is not there.
ABSENT = (
    "ResourceNotFoundException",
    "ResourceNotFound",
    "EntityNotFoundException",
    "StateMachineDoesNotExist",
    "ServiceNotFoundException",
    "ClusterNotFoundException",
)
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Running:
    """What was read back. `status` is the stack's, '' where there is none; `seen` by logical name.

    `physical` are the names of all that the stack has now, by logical name."""

    stack: str
    status: str = ""
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    physical: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)

    def facts(self) -> dict[str, str]:
        """For the ledger: each resource with what it runs, without what its environment holds."""
        shown = {
            name: [
                f"{fact} {value}" for fact, value in sorted(seen.facts.items()) if value and _is_kept(fact)
            ]
            for name, seen in self.seen.items()
        }
        return {name: ", ".join(facts) for name, facts in sorted(shown.items()) if facts}


def _is_kept(fact: str) -> bool:
    return not fact.startswith("environment ")


def read_running(
    aws: Aws,
    stack_name: str,
    expectations: Iterable[Expectation],
    pause: Callable[[float], None] = time.sleep,
) -> Running:
    """Read what runs of what is expected, once its functions are settled. Only read calls.

    A resource that is not there is not in `seen`. Raises AwsError where something could not be read:
    then nothing can be said of what runs."""
    try:
        told = aws.call("cloudformation", "describe_stacks", StackName=stack_name)["Stacks"][0]
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in error.what:
            return Running(stack_name)
        raise
    listed = aws.pages(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_name
    )
    there = [r for r in listed if r["ResourceStatus"] not in GONE and r.get("PhysicalResourceId")]
    physical = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in there}
    wanted = [e for e in expectations if e.resource in physical]
    found = ((e.resource, _read(Look(aws, pause), physical[e.resource], e)) for e in wanted)
    return Running(
        stack_name,
        told["StackStatus"],
        told.get("StackStatusReason", ""),
        {p["ParameterKey"]: p.get("ParameterValue", "") for p in told.get("Parameters", ())},
        {o["OutputKey"]: o["OutputValue"] for o in told.get("Outputs", ())},
        physical,
        {resource: seen for resource, seen in found if seen},
    )


def _read(look: Look, physical: str, wanted: Expectation) -> Seen | None:
    """A resource as its service tells it; None where the service does not know it."""
    try:
        return READERS[wanted.type](look, physical, wanted)
    except AwsError as error:
        if error.code in ABSENT or "Could not find" in error.what:
            return None
        raise


def differences(expectations: Sequence[Expectation], running: Running) -> list[str]:
    """How what runs differs from what has to, a line each; [] where all of it was read and is so."""
    if not running.status:
        return [f"there is no stack {running.stack}"]
    why = f": {one_line(running.reason, 200)}" if running.reason else ""
    found = [] if running.status in GOOD else [f"the stack is {running.status}{why}"]
    for wanted in expectations:
        found += _compared(wanted, running)
    return found


def _compared(wanted: Expectation, running: Running) -> Iterator[str]:
    label = wanted.label or wanted.resource
    if wanted.type == STACK:
        told = {f"parameter {name}": value for name, value in running.parameters.items() if value != MASKED}
        known = {f: v for f, v in wanted.facts.items() if running.parameters.get(f[10:]) != MASKED}
        yield from _facts("the stack", known, told)
        return
    seen = running.seen.get(wanted.resource)
    if seen is None:
        yield f"{label} ({wanted.resource}) is not there"
        return
    yield from (f"{label} {wrong}" for wrong in seen.wrong)
    meant = {**wanted.facts, **_number(wanted, running)}
    yield from _facts(label, meant, seen.facts)


def _number(wanted: Expectation, running: Running) -> Mapping[str, str]:
    """The number that an alias has to be at: that of the version's resource, as it was published."""
    if not wanted.version:
        return NOTHING
    published = running.physical.get(wanted.version, "").rpartition(":")[2]
    return {NUMBER: published or f"of {wanted.version}, which is not there"}


def _facts(label: str, wanted: Mapping[str, str], seen: Mapping[str, str]) -> Iterator[str]:
    for fact, value in wanted.items():
        if seen.get(fact) != value:
            yield _line(label, fact, value, seen)


def _line(label: str, fact: str, value: str, seen: Mapping[str, str]) -> str:
    """A difference as people say it."""
    real = seen.get(fact)
    if fact == ROUTING and real and not value:
        shares = (pair.split("=") for pair in real.split(","))
        return f"alias {label} still sends " + ", ".join(f"{float(w):.0%} to version {v}" for v, w in shares)
    if fact == NUMBER:
        return f"{label} is at version {real}, the release has version {value}"
    if real is None:
        return f"{label} does not tell its {fact}, the release has {_shown(fact, value)}"
    if fact == CODE or "image" in fact.split():
        at = f" (version {seen[NUMBER]})" if NUMBER in seen else ""
        return f"{label} runs {_shown(fact, real)}{at}, the release has {_shown(fact, value)}"
    return f"{label} has {fact} {_shown(fact, real)}, the release has {_shown(fact, value)}"


def _shown(fact: str, value: str) -> str:
    """A value short enough for a line: digests by their first twelve digits."""
    if fact == CODE:
        return f"sha256:{value[:12]}" if value else "no code"
    name, at, digest = value.partition("@")
    short = f"{name.rpartition('/')[2]}{at}{digest[:19]}" if at else value
    return one_line(short, 120) or "nothing"

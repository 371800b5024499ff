"""What is swept, decided from what was found. Pure: the one place that decides, so that it can be tested
against anything an account may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runner.sweep import PURPOSE, RUN, SOLUTION, TEST, Found, Resource, Stack

RUN_BEGAN = re.compile(r"(\d{8}T\d{6})Z-[0-9a-f]+", re.ASCII)  # runner.run.new_run_id
# A function writes into its log group, and what is left may need its role to be removed.
LATE = ("logs", "iam")
# A change set that nobody executed: no run comes back to it.
NEVER_BEGUN = "REVIEW_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to remove. kind: 'stack', or the service of its ARN; `id`: a stack's id, or an ARN."""

    kind: str
    name: str
    id: str
    run: str
    solution: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that was tagged as a test's and stays, and why."""

    name: str
    id: str
    run: str
    why: str


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """Stacks in the order of removal, then single resources in theirs; and what is left alone."""

    stacks: tuple[Item, ...]
    resources: tuple[Item, ...]
    kept: tuple[Kept, ...]

    def data(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def plan(found: Found, now: datetime, older_than: timedelta, solution: str = "") -> SweepPlan:
    """What to remove of a solution's tests ('': of every solution's).

    A run is left alone, with all that is its own, while one of its stacks is younger than `older_than`, is
    changing, or is protected; and a resource whose run is younger, or does not say when it began."""
    ours = [s for s in found.stacks if is_tests(s.tags, solution) and not s.nested]
    why = {s.id: _why_kept(s, now - older_than) for s in ours}
    busy = {s.tags[RUN] for s in ours if why[s.id]}
    stacks = [s for s in ours if s.tags[RUN] not in busy]
    kept = [Kept(s.name, s.id, s.tags[RUN], why[s.id] or BUSY) for s in ours if s.tags[RUN] in busy]
    doomed = {s.tags[RUN] for s in stacks}
    each, resources = {r.arn: r for r in found.resources}, []
    for resource in (r for r in each.values() if is_tests(r.tags, solution) and not _is_stack(r)):
        reason = _why_kept_resource(resource, busy, doomed, now - older_than)
        item = _item(resource)
        kept += [Kept(item.name, item.id, item.run, reason)] if reason else []
        resources += [] if reason else [item]
    return SweepPlan(
        tuple(_stack_item(s) for s in sorted(stacks, key=lambda s: (s.touched, s.id))),
        tuple(sorted(resources, key=_order)),
        tuple(sorted(kept, key=lambda k: k.id)),
    )


BUSY = "its run may still be at work"


def is_tests(tags: Mapping[str, str], solution: str = "") -> bool:
    """Whether tags are those that an integration stage gives; `solution` '' stands for any."""
    named = tags.get(SOLUTION, "")
    return tags.get(PURPOSE) == TEST and bool(tags.get(RUN)) and bool(named) and solution in ("", named)


def _why_kept(stack: Stack, before: datetime) -> str:
    if stack.protected:
        return "it is protected against deletion"
    if stack.touched > before:
        return f"it was touched at {stack.touched.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z: {BUSY}"
    if stack.status.endswith("_IN_PROGRESS") and stack.status != NEVER_BEGUN:
        return f"it is changing: {stack.status}"
    return ""


def _why_kept_resource(resource: Resource, busy: set[str], doomed: set[str], before: datetime) -> str:
    run = resource.tags[RUN]
    if run in busy:
        return BUSY
    if run in doomed:
        return ""
    began = run_began(run)
    if began is None:
        return "its run's name does not say when it began"
    return BUSY if began > before else ""


def run_began(run: str) -> datetime | None:
    """When a run began, by its id; None for an id that was not made by Lockgate."""
    match = RUN_BEGAN.fullmatch(run)
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:  # the 31st of February
        return None


def _is_stack(resource: Resource) -> bool:
    return resource.arn.split(":")[2:3] == ["cloudformation"]


def _stack_item(stack: Stack) -> Item:
    return Item("stack", stack.name, stack.id, stack.tags[RUN], stack.tags[SOLUTION])


def _item(resource: Resource) -> Item:
    parts = resource.arn.split(":", 5)
    kind, name = (parts[2], parts[5]) if len(parts) == 6 else ("unknown", resource.arn)
    return Item(kind, name, resource.arn, resource.tags[RUN], resource.tags[SOLUTION])


def _order(item: Item) -> tuple[int, str]:
    return (LATE.index(item.kind) + 1 if item.kind in LATE else 0, item.id)

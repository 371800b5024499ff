"""What a release would change, in lines, by reading alone: the plan that `--dry-run` prints."""

from __future__ import annotations

from collections.abc import Iterator

from runner.release.flow import Deployment, Proposal
from runner.release.records import Content


def rehearsal(tools: Deployment, proposal: Proposal) -> list[str]:
    """Components, parameters, template, drift and differences; 'nothing to do' where that is so."""
    if settled := tools.settled(proposal):
        return [f"nothing to do: release {settled.number} {settled.name} runs"]
    view, target = tools.view(), tools.target
    before = view.good.content if view.good else None
    found = [*_parts(before, proposal.content), *_plan(tools, proposal)]
    if view.unfinished:
        found.append(f"release {view.unfinished.number} was cut off: it is gone on with, or given up")
    if before:
        found += [f"differs now: {line}" for line in target.differences(target.wanted(before))]
    return [*found, *(f"changed by hand: {line}" for line in target.drift(proposal.content.stack_name))]


def first(content: Content) -> list[str]:
    """What a first deployment adds: all of it."""
    return [*_parts(None, content), f"new      stack {content.stack_name}"]


def _parts(before: Content | None, after: Content) -> Iterator[str]:
    old = before.parts if before else {}
    for name, part in after.parts.items():
        if name not in old:
            yield f"added    {name} {part.version}"
        elif (old[name].deployed, old[name].image) != (part.deployed, part.image):
            yield f"changed  {name} {old[name].version} -> {part.version}"
    yield from (f"removed  {name} {old[name].version}" for name in old if name not in after.parts)


def _plan(tools: Deployment, proposal: Proposal) -> Iterator[str]:
    wanted, standing = (
        tools.target.wanted(proposal.content).plan,
        tools.target.standing(proposal.content.stack_name),
    )
    if standing is None:
        yield f"new      stack {wanted.name}"
        return
    for name, value in wanted.parameters.items():
        if name in standing.masked:
            yield f"unknown  parameter {name}: CloudFormation does not show its value"
        elif standing.parameters.get(name) != value:
            yield f"changed  parameter {name}: {standing.parameters.get(name)} -> {value}"
    if not standing.is_at(wanted):
        yield f"updated  stack {wanted.name}: its change set will say what of it"

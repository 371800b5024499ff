"""Amazon States Language: whether a definition holds together, as far as its structure tells (pure).

https://states-language.net/spec.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.text import one_line

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
# States that end an execution by themselves, or go on by what they choose: no Next, no End.
WITHOUT_NEXT = ("Choice", "Succeed", "Fail")


def machine_faults(machine: dict[str, Any]) -> Iterator[str]:
    """Every fault, each named by its state; the machines in Parallel and Map states as well."""
    waiting: list[tuple[str, Any]] = [("", machine)]
    while waiting:
        prefix, found = waiting.pop()
        if not isinstance(found, dict) or not isinstance(found.get("States"), dict) or not found["States"]:
            yield f"{prefix or 'it'} has no States"
            continue
        yield from _flow_faults(prefix, found)
        for name, state in found["States"].items():
            waiting += [(f"{prefix}{one_line(name, 80)}.", inner) for inner in _inner(state)]


def _inner(state: Any) -> list[Any]:
    """The machines inside of a state."""
    if not isinstance(state, dict):
        return []
    if state.get("Type") == "Parallel":
        branches = state.get("Branches")
        return branches if isinstance(branches, list) and branches else [None]
    if state.get("Type") == "Map":
        return [state.get("ItemProcessor", state.get("Iterator"))]
    return []


def _flow_faults(prefix: str, machine: dict[str, Any]) -> Iterator[str]:
    """Of one level: where it starts, what its states are, where they go, and which nobody gets to."""
    states, start = machine["States"], machine.get("StartAt")
    if not _names(start, states):
        yield f"{prefix}StartAt names no state: {one_line(start, 80)!r}"
    reached = {start} if isinstance(start, str) else set()
    for name, state in states.items():
        shown = f"{prefix}{one_line(name, 80)}"
        if not isinstance(state, dict) or state.get("Type") not in TYPES:
            yield f"{shown} has no known Type"
            continue
        targets = list(_targets(state))
        reached.update(target for target in targets if isinstance(target, str))
        yield from (
            f"{shown} goes to {one_line(t, 80)!r}, which is no state"
            for t in targets
            if not _names(t, states)
        )
        yield from _ending_faults(shown, state)
    yield from (f"{prefix}{one_line(n, 80)} is reached by no state" for n in states if n not in reached)


def _names(target: Any, states: dict[str, Any]) -> bool:
    return isinstance(target, str) and target in states


def _targets(state: dict[str, Any]) -> Iterator[Any]:
    """Every state that this one may go to."""
    for field in ("Next", "Default"):
        if field in state:
            yield state[field]
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        for rule in rules if isinstance(rules, list) else ():
            yield rule.get("Next") if isinstance(rule, dict) else None


def _ending_faults(shown: str, state: dict[str, Any]) -> Iterator[str]:
    kind = state["Type"]
    ends = state.get("End") is True
    if kind == "Choice" and not (isinstance(state.get("Choices"), list) and state["Choices"]):
        yield f"{shown} has no Choices"
    if kind in WITHOUT_NEXT:
        if ends or "Next" in state:
            yield f"{shown} is a {kind} and takes neither Next nor End"
    elif ends == ("Next" in state):
        yield f"{shown} needs either Next or End: true"
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield f"{shown} has no Resource"

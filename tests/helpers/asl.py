"""State machines in Amazon States Language: what is wrong with one, and what it does, without an AWS.

Only the subset that Lockgate compiles; anything else is refused. Source: https://states-language.net/spec.html
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

NAME, TIMEOUT = 80, 99_999_999
State = dict[str, Any]
# What a task with a command's words does: its result, or TaskFailed.
Tasks = Callable[[list[Any]], Any]
FIELDS = {
    "Pass": {"Result", "ResultPath", "Parameters", "Next", "End"},
    "Task": {"Resource", "Parameters", "TimeoutSeconds", "ResultPath", "Catch", "Next"},
    "Choice": {"Choices", "Default"},
    "Parallel": {"Branches", "ResultPath", "Next"},
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}


class TaskFailed(Exception):
    """What `.sync` makes of a task that does not succeed, in AWS."""


def problems(machine: State) -> list[str]:
    """Everything that is wrong with a definition."""
    names = [name for m in machines(machine) for name in m["States"]]
    return [
        *(f"{name!r} is there twice" for name in {n for n in names if names.count(n) > 1}),
        *(f"{name!r} has {len(name)} characters" for name in names if not 0 < len(name) <= NAME),
        *(problem for m in machines(machine) for problem in _problems(m)),
    ]


def machines(machine: State) -> Iterator[State]:
    """The machine and all of its branches."""
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", ()):
            yield from machines(branch)


def tasks(machine: State) -> dict[str, State]:
    return {n: s for m in machines(machine) for n, s in m["States"].items() if s["Type"] == "Task"}


def _problems(machine: State) -> Iterator[str]:
    states = machine["States"]
    goes = {name: list(_next(state)) for name, state in states.items()}
    yield from (f"{n}: no state {t!r}" for n, ts in goes.items() for t in ts if t not in states)
    reached, todo = set(), [machine["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in reached and name in states:
            reached.add(name)
            todo += goes[name]
    yield from (f"{name} is never reached" for name in set(states) - reached)
    for name, state in states.items():
        unknown = set(state) - FIELDS.get(state["Type"], set()) - {"Type"}
        yield from (f"{name}: {field} is not known" for field in unknown)
        ends = state["Type"] in ("Succeed", "Fail") or state.get("End") is True
        if not goes[name] and not ends:
            yield f"{name} neither ends nor goes on"
        if state["Type"] == "Task":
            yield from (f"{name}: {p}" for p in _task(state))


def _task(state: State) -> Iterator[str]:
    if not 0 < state.get("TimeoutSeconds", 0) <= TIMEOUT:
        yield "no TimeoutSeconds"
    if [c["ErrorEquals"] for c in state.get("Catch", ())] != [["States.ALL"]]:
        yield "not everything is caught"


def _next(state: State) -> Iterator[str]:
    yield from ([state["Next"]] if "Next" in state else [])
    yield from ([state["Default"]] if "Default" in state else [])
    yield from (rule["Next"] for rule in (*state.get("Choices", ()), *state.get("Catch", ())))


def run(machine: State, given: Any, name: str, work: Tasks) -> tuple[str, Any]:
    """Execute it: SUCCEEDED or FAILED, and what came out. `work` is what a task with a command does."""
    return _run(machine, given, {"Execution": {"Name": name, "Input": given}}, work)


def _run(machine: State, data: Any, context: Any, work: Tasks) -> tuple[str, Any]:
    current = machine["StartAt"]
    while True:
        state = machine["States"][current]
        kind = state["Type"]
        if kind in ("Succeed", "Fail"):
            return ("SUCCEEDED" if kind == "Succeed" else "FAILED"), data
        if kind == "Choice":
            current = next((r["Next"] for r in state["Choices"] if _holds(r, data)), state["Default"])
            continue
        try:
            data = _place(state, data, _result(state, data, context, work))
        except TaskFailed as error:
            [catch] = state["Catch"]
            data, current = (
                _place(catch, data, {"Error": "States.TaskFailed", "Cause": str(error)}),
                catch["Next"],
            )
            continue
        if state.get("End"):
            return "SUCCEEDED", data
        current = state["Next"]


def _result(state: State, data: Any, context: Any, work: Tasks) -> Any:
    if state["Type"] == "Pass":
        return (
            filled(state["Parameters"], data, context) if "Parameters" in state else state.get("Result", data)
        )
    if state["Type"] == "Task":
        request = filled(state["Parameters"], data, context)
        return work(request["Overrides"]["ContainerOverrides"][0]["Command"])
    return [_run(branch, copy.deepcopy(data), context, work)[1] for branch in state["Branches"]]


def _place(state: State, data: Any, result: Any) -> Any:
    path = state.get("ResultPath", "$")
    return result if path == "$" else {**data, path.removeprefix("$."): result}


def filled(value: Any, data: Any, context: Any) -> Any:
    """Parameters with what their paths and functions give."""
    if isinstance(value, list):
        return [filled(v, data, context) for v in value]
    if not isinstance(value, Mapping):
        return value
    return {
        k.removesuffix(".$"): evaluate(v, data, context) if k.endswith(".$") else filled(v, data, context)
        for k, v in value.items()
    }


def evaluate(text: str, data: Any, context: Any) -> Any:
    """A path or an intrinsic function; raises ValueError for one that this does not know."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("'"):
        assert not re.search(r"[{}'\\]", text[1:-1].replace("{}", "")), f"{text} has to be escaped"
        return text[1:-1]
    if text.startswith("$"):
        found, value = value_at(context if text.startswith("$$.") else data, text.lstrip("$").lstrip("."))
        if not found:
            raise ValueError(f"no {text}")
        return value
    match = re.fullmatch(r"States\.(\w+)\((.*)\)", text)
    assert match, text
    args = [evaluate(a, data, context) for a in _arguments(match[2])]
    known: dict[str, Callable[..., Any]] = {
        "Array": lambda *a: list(a),
        "Format": lambda t, *a: t.replace("{}", "%s") % a,
        "UUID": lambda: "0" * 36,
        "JsonToString": lambda v: json.dumps(v, separators=(",", ":")),
        "JsonMerge": lambda a, b, deep: {**a, **b},
    }
    return known[match[1]](*args)


def _arguments(text: str) -> Iterator[str]:
    depth, quoted, begun = 0, False, 0
    for n, char in enumerate(text):
        quoted ^= char == "'"
        depth += 0 if quoted else (char == "(") - (char == ")")
        if char == "," and not depth and not quoted:
            yield text[begun:n]
            begun = n + 1
    if text.strip():
        yield text[begun:]


def value_at(data: Any, path: str) -> tuple[bool, Any]:
    """Whether a reference path leads somewhere, and to what."""
    for key, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        try:
            data = data[int(index)] if index else data[key]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, data


def _holds(rule: State, data: Any) -> bool:
    if "And" in rule:
        return all(_holds(r, data) for r in rule["And"])
    found, value = value_at(data, rule["Variable"].removeprefix("$."))
    if "IsPresent" in rule:
        return found is rule["IsPresent"]
    if not found:
        raise ValueError(f"no {rule['Variable']}: States.Runtime")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "IsNumeric" in rule:
        return number is rule["IsNumeric"]
    if "NumericEquals" in rule:
        return number and value == rule["NumericEquals"]
    return isinstance(value, str) and value == rule["StringEquals"]

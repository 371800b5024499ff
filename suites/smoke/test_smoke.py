"""stock:smoke: every deployed function named under `invoke` answers each of its sample events."""

import json
from pathlib import Path

import pytest

from runner.stages.context import read_context
from runner.stages.functions import Functions

CONTEXT = read_context()
INVOKE = CONTEXT.get("invoke") or {}
if not INVOKE:
    pytest.fail(
        "the integration stage has no `invoke`: name functions there, or drop stock:smoke", pytrace=False
    )


def samples() -> list[tuple[str, str]]:
    """(component, path of a sample event relative to the root); folders give their *.json."""
    found = []
    for name in INVOKE:
        for entry in CONTEXT["components"][name]["events"]:
            path = Path(CONTEXT["root"], entry)
            files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
            found += [(name, file.relative_to(CONTEXT["root"]).as_posix()) for file in files]
    return found


@pytest.fixture(scope="session")
def functions():
    return Functions.of(CONTEXT)


@pytest.mark.parametrize("name", sorted(INVOKE))
def test_has_sample_events(name):
    if not any(function == name for function, _ in samples()):
        pytest.fail(f"{name} is invoked, but has no sample events: name some under `events`", pytrace=False)


@pytest.fixture
def asked(name, event, functions):
    """(answer, problem). In a fixture, so that an AWS out of reach is ERROR and not FAILED."""
    return functions.ask(name, json.loads(Path(CONTEXT["root"], event).read_bytes()))


@pytest.mark.parametrize(("name", "event"), samples())
def test_deployed_function_answers(asked, record_property):
    answer, problem = asked
    record_property("measured", json.dumps(answer)[:200])
    record_property("limit", "HTTP 200, no FunctionError, JSON")
    if problem:
        pytest.fail(problem, pytrace=False)

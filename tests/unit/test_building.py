"""What is built, and what is said of it."""

from __future__ import annotations

import pytest
from helpers.histories import history, numbered

from runner.building import build_plan, outcome
from runner.config.schema import Solution
from runner.errors import UsageError

CONFIG = {
    "solution": "tiny",
    "components": {
        "fn": {"kind": "lambda-zip", "source": "src", "handler": "app.handler"},
        "other": {"kind": "lambda-zip", "source": "src", "handler": "app.handler"},
        "stack": {"kind": "stack", "template": "stack.yml", "parameters": {"Key": "${fn.key}"}},
        "model": {
            "kind": "model", "path": "build/m.onnx", "record": "build/m.json", "train": "python t.py",
            "needs": ["tables"],
        },
    },
    "prepare": {
        "tables": {"run": "python p.py", "outputs": ["build/t"]},
        "unused": {"run": "python q.py", "outputs": ["build/q"]},
    },
    "stages": {"unit": {"kind": "unit"}},
}  # fmt: skip


def steps(*names: str) -> list[str]:
    return [step.id for step in build_plan(Solution.model_validate(CONFIG), names).steps]


def test_everything_that_the_components_need_and_no_stage() -> None:
    found = steps()
    assert set(found) == {
        "build:fn", "build:other", "build:stack", "build:model", "prepare:tables", "environment:python",
    }  # fmt: skip
    assert found.index("build:fn") < found.index("build:stack")
    assert found.index("environment:python") < found.index("prepare:tables") < found.index("build:model")


def test_of_a_named_component_what_it_needs_alone() -> None:
    assert steps("stack") == ["build:fn", "build:stack"]
    assert steps("other") == ["build:other"]


def test_an_unknown_component_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        steps("modle")
    assert "model" in refused.value.hint


def test_what_is_said_of_a_component() -> None:
    at = history()
    assert outcome(numbered(at, "A", "r1"), {}) == "built 2026.11.22-1"
    assert outcome(numbered(at, "A", "r2"), {"built": True}) == "unchanged since 2026.11.22-1"
    assert outcome(numbered(at, "B", "r3"), {}) == "built 2026.11.22-2"
    assert outcome(numbered(at, "A", "r4"), {}) == "back to 2026.11.22-1"


def test_what_is_no_image_is_not_said_to_be_built() -> None:
    at, facts = history(), {"built": False, "why": "no registry"}
    assert outcome(numbered(at, "A", "r1"), facts) == "defined 2026.11.22-1 (no image: no registry)"
    assert outcome(numbered(at, "A", "r2"), facts) == "unchanged since 2026.11.22-1 (no image: no registry)"

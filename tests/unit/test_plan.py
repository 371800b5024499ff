from __future__ import annotations

from pathlib import Path

import pytest
from helpers.project import minimal, write
from hypothesis import given
from hypothesis import strategies as st

from runner.config.load import load
from runner.config.schema import Solution
from runner.errors import UsageError
from runner.model import Plan
from runner.plan import ENVIRONMENT, make_plan


@pytest.fixture
def solution(tmp_path: Path) -> Solution:
    config = minimal()
    config["prepare"] = {"tables": {"run": "make", "outputs": ["t.csv"]}}
    config["components"]["model"] |= {"train": "python -m train", "needs": ["tables"]}
    config["components"]["extra"] = {"kind": "image", "dockerfile": "Dockerfile"}
    (tmp_path / "Dockerfile").touch()
    return load(write(tmp_path, config))


def needs(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {s.id: s.needs for s in plan.steps}


def test_every_step_stands_after_what_it_needs(solution: Solution) -> None:
    seen: set[str] = set()
    for step in make_plan(solution).steps:
        assert set(step.needs) <= seen
        seen.add(step.id)


def test_stages_wait_for_what_they_use(solution: Solution) -> None:
    found = needs(make_plan(solution))
    assert {"build:model", "prepare:tables", ENVIRONMENT} <= {n for v in found.values() for n in v}
    assert found["stage:data"] == ("prepare:tables",)
    assert "build:model" in found["stage:model"]
    assert {"stage:unit", "build:stack", "build:fn"} <= set(found["stage:integration"])
    assert set(found["build:model"]) == {ENVIRONMENT, "prepare:tables"}
    assert found["build:stack"] == ("build:fn",)


def test_a_complete_plan_builds_every_component(solution: Solution) -> None:
    plan = make_plan(solution)
    assert plan.complete and "build:extra" in needs(plan)


def test_a_selection_is_partial_and_takes_only_what_it_uses(solution: Solution) -> None:
    plan = make_plan(solution, ["data"])
    assert not plan.complete
    assert set(needs(plan)) == {"stage:data", "prepare:tables", ENVIRONMENT}


def test_a_selected_stage_does_not_wait_for_one_that_is_left_out(solution: Solution) -> None:
    assert "stage:unit" not in needs(make_plan(solution, ["integration"]))["stage:integration"]


def test_an_unknown_stage_is_refused(solution: Solution) -> None:
    with pytest.raises(UsageError, match="unti") as caught:
        make_plan(solution, ["unti"])
    assert "did you mean 'unit'" in caught.value.hint


@given(st.lists(st.sampled_from(["unit", "data", "model", "integration"]), unique=True, min_size=1))
def test_a_plan_is_closed_under_its_needs(only: list[str]) -> None:
    plan = make_plan(Solution.model_validate(_plain()), only)
    ids = set(needs(plan))
    assert all(set(n) <= ids for n in needs(plan).values())
    assert {f"stage:{n}" for n in only} == {i for i in ids if i.startswith("stage:")}


def _plain() -> dict[str, object]:
    config = minimal()
    for kind, stage in config["stages"].items():
        stage["kind"] = kind
    return config


def test_what_serves_a_model_or_packages_others_comes_after_them(tmp_path: Path) -> None:
    config = minimal()
    config["components"] |= {
        "forest": {"kind": "model", "path": "m.skops", "record": "m.json"},
        "server": {"kind": "model-image", "model": "model"},
        "flow": {"kind": "definition", "path": "t.json", "format": "state-machine"},
        "stack": {"kind": "stack", "template": "stack.yml", "package": ["flow"]},
    }
    config["stages"]["model"]["through"] = "server"
    found = needs(make_plan(load(write(tmp_path, config))))
    assert found["build:forest"] == (ENVIRONMENT,)  # which has skops, and skops says what it trusts
    assert ENVIRONMENT not in found["stage:model"]
    for model in ({"candidate": "forest", "through": None}, {"champion": "old.skops", "through": None}):
        opened = {**config, "stages": {**config["stages"], "model": {**config["stages"]["model"], **model}}}
        assert ENVIRONMENT in needs(make_plan(load(write(tmp_path, opened))))["stage:model"]
    assert found["build:server"] == ("build:model",)
    assert set(found["stage:model"]) == {"build:model", "build:server"}
    assert found["build:stack"] == ("build:flow",)

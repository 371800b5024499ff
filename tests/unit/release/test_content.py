"""What a manifest asks to run where, and what a real AWS is not given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers.flows import content as a_content
from helpers.flows import part
from helpers.manifests import as_manifest, manifest_data

from runner.config.schema import Environment, Solution
from runner.errors import RefusedError, UsageError
from runner.release.content import content_of, parameters, same, sizes, stack_of, with_part
from runner.release.records import Content

OTHER = {"target": "python3.11-x86_64", "sha256": "e" * 64, "size": 7}


def data(**executed: Any) -> dict[str, Any]:
    told = manifest_data()
    for name, variant in executed.items():
        told["components"][name]["executed"] = variant
    return told


def content(told: dict[str, Any], *, is_sandbox: bool, **environment: Any) -> Content:
    fields = as_manifest(told).fields
    return content_of(fields, "stack", Environment(**environment), "flights-prod", is_sandbox=is_sandbox)


def seen(told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """With an integration stage that had `predict` in a test stack of a real AWS."""
    stage = dict(next(iter(told["stages"].values())))
    facts = {"aws": "real", "deployed": {"predict": told["components"]["predict"]["sha256"]}}
    stage |= {"kind": "integration", "status": "PASSED", "facts": facts}
    stage |= {key: value for key, value in changes.items() if key != "facts"}
    stage["facts"] = facts | changes.get("facts", {})
    told["stages"]["integration"] = stage
    return told


def test_the_sandbox_gets_what_was_executed() -> None:
    told = data(predict=OTHER)
    deployed = content(told, is_sandbox=True)
    assert deployed.parts["predict"].deployed == "e" * 64
    assert deployed.parts["predict"].sha256 == told["components"]["predict"]["sha256"]
    assert deployed.parts["predict"].key == f"flights/predict/{'e' * 64}.zip"
    stored = sizes(as_manifest(told).fields, deployed)
    assert (stored["predict"].size, stored["features"].size) == (7, 9)


def test_a_real_aws_does_not_get_what_did_not_run_in_its_own_runtime() -> None:
    with pytest.raises(RefusedError, match=r"predict was not executed in its own runtime.*python3\.11"):
        content(data(predict=OTHER), is_sandbox=False)


def test_nor_equal_bytes_that_another_python_ran() -> None:
    told = data()
    told["components"]["predict"]["executed"] = OTHER | {"sha256": told["components"]["predict"]["sha256"]}
    with pytest.raises(RefusedError, match="own runtime"):
        content(told, is_sandbox=False)


def test_a_test_stack_in_a_real_aws_is_its_own_runtime() -> None:
    told = seen(data(predict=OTHER))
    deployed = content(told, is_sandbox=False)
    assert deployed.parts["predict"].deployed == told["components"]["predict"]["sha256"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "unit"},
        {"status": "FAILED"},
        {"facts": {"aws": "sandbox"}},
        {"facts": {"deployed": {"predict": "e" * 64}}},
        {"facts": {"deployed": {"features": "e" * 64}}},
        {"facts": {"deployed": ["predict"]}},
        {"facts": {"deployed": None}},
    ],
)
def test_nothing_less_is(changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="own runtime"):
        content(seen(data(predict=OTHER), **changes), is_sandbox=False)


def test_the_environment_has_the_last_word_on_parameters() -> None:
    deployed = content(data(), is_sandbox=True, parameters={"A": "mine", "B": "${features.key}"})
    given = parameters(deployed, "bucket", "https://s3")
    assert given == {"A": "mine", "B": deployed.parts["features"].key}
    assert parameters(content(data(), is_sandbox=True), "bucket", "") == {"A": "bucket"}


def test_a_reference_to_nothing_is_told() -> None:
    with pytest.raises(UsageError, match=r"unknown reference \$\{feature\.key\}"):
        parameters(content(data(), is_sandbox=True, parameters={"B": "${feature.key}"}), "b", "")


def test_a_manifest_without_the_stack() -> None:
    told = data()
    del told["components"]["stack"]
    with pytest.raises(RefusedError, match="no stack 'stack'"):
        content(told, is_sandbox=True)


def test_the_same_bytes_are_the_same_whatever_they_are_called() -> None:
    one = a_content(1)
    called = replace(one, parts={**one.parts, "model": replace(one.parts["model"], version="another")})
    assert same(one, called)
    assert not same(one, a_content(2))
    assert not same(one, replace(one, recipe={}))
    assert not same(one, replace(one, stack_name="other"))
    assert not same(one, replace(one, template="0"))


def test_a_part_of_another_version_leaves_the_rest() -> None:
    mixed = with_part(a_content(2, features=2), "model", part(1))
    assert mixed.parts["model"].version == "2026.11.23-1"
    assert mixed.parts["features"].version == "2026.11.23-2"
    other = with_part(mixed, "stack", part(2, "stack"))
    assert other.template == part(2, "stack").sha256


def solution(**more: Any) -> Solution:
    stacks = {name: {"kind": "stack", "template": f"{name}.yml"} for name in more.pop("stacks", ("stack",))}
    unit = {"unit": {"kind": "unit"}}
    return Solution.model_validate({"solution": "s", "components": stacks, "stages": unit, **more})


def test_which_stack_an_environment_runs() -> None:
    assert stack_of(solution(environments={"prod": {}}), "prod") == "stack"
    two = solution(stacks=("a", "b"), environments={"prod": {}, "test": {"stack": "b"}})
    assert stack_of(two, "test") == "b"
    with pytest.raises(UsageError, match=r"which of \['a', 'b'\]\?"):
        stack_of(two, "prod")

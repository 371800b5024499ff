"""infra/release.yml gives who deploys a right for each call that a release makes, and for no other write."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cloudformation import read, statements

RUNNER = Path(__file__).parents[3] / "runner"
# Where a release calls AWS: its own package, what it shares with the integration stage, what composes it.
FILES = [
    *(RUNNER / "release").glob("*.py"),
    RUNNER / "deploying.py",
    RUNNER / "asking.py",
    RUNNER / "stages" / "stack_deploy.py",
    RUNNER / "stages" / "test_role.py",
]
PREFIX = {"stepfunctions": "states"}
# IAM's names, where they are not the call's own.
NAMED = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "lambda:Invoke": "lambda:InvokeFunction",
}
# Needs no right; and what LivingStack leaves to a person.
WITHOUT = {"sts:GetCallerIdentity", "cloudformation:DeleteStack"}


def calls() -> Iterator[str]:
    """Each call by IAM's name for it."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _called(node, node.func.attr)


def _called(node: ast.Call, name: str) -> Iterator[str]:
    told = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if name in ("call", "pages") and len(told) >= 2:
        yield _action(told[0], told[1])
    elif name == "_call" and told:  # the stacks' own shorthand
        yield _action("cloudformation", told[0])


def _action(service: str, operation: str) -> str:
    camel = "".join(part.capitalize() for part in operation.split("_"))
    action = f"{PREFIX.get(service, service)}:{camel}"
    return NAMED.get(action, action)


@pytest.fixture(scope="module")
def resources() -> dict[str, set[str]]:
    """What who deploys may do, and on what."""
    mine = [s for s in statements(read("release")) if s.allows and s.owners == ("DeployRole",)]
    named = {action for s in mine for action in s.actions}
    return {a: {r for s in mine if a in s.actions for r in s.resources} for a in named}


@pytest.fixture(scope="module")
def rights(resources: dict[str, set[str]]) -> set[str]:
    return set(resources)


def test_each_call_of_a_release_is_allowed(rights: set[str]) -> None:
    made = set(calls())
    assert {"ecs:DescribeServices", "codedeploy:CreateDeployment", "sts:AssumeRole"} <= made
    assert made - rights - WITHOUT == set()


def test_who_deploys_does_not_delete_production(rights: set[str]) -> None:
    assert not {"cloudformation:DeleteStack", "lambda:DeleteFunction", "s3:DeleteObject"} & rights


def test_alarms_are_seen_by_a_right_on_all_of_them(resources: dict[str, set[str]]) -> None:
    """CloudWatch tells nothing of composite alarms by a narrower one, and says AccessDenied to a question for
    them (API reference, DescribeAlarms); and an alarm need not bear the stack's name."""
    assert resources["cloudwatch:DescribeAlarms"] == {"*"}


def test_change_sets_of_nested_stacks_are_read(resources: dict[str, set[str]]) -> None:
    """A nested stack has its own name, which begins with that of the stack around it."""
    named = {arn.rpartition(":stack/")[2] for arn in resources["cloudformation:DescribeChangeSet"]}
    assert named == {"${ProductionStack}/*", "${ProductionStack}-*/*"}
    others = {arn.rpartition(":stack/")[2] for arn in resources["cloudformation:ExecuteChangeSet"]}
    assert others == {"${ProductionStack}/*"}

"""The shipped templates as data: CloudFormation's short forms read, every policy statement found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

INFRA = Path(__file__).resolve().parents[2] / "infra"
NAMES = ("pipeline", "release", "roles", "task")
Template = dict[str, Any]
# What kind of policy a document is, by where it lies.
KINDS = {
    "AWS::S3::BucketPolicy": "bucket",
    "AWS::SNS::TopicPolicy": "topic",
    "AWS::KMS::Key": "key",
}


class Loader(yaml.SafeLoader):
    """Safe, with !Ref and the like as {"Ref": ...}, {"Fn::Sub": ...}."""


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _tagged)


def parse(text: str) -> Template:
    """A template's text as data."""
    document: Template = yaml.load(text, Loader=Loader)  # noqa: S506  it is a SafeLoader
    return document


def read(name: str) -> Template:
    """A shipped template, one of NAMES."""
    return parse((INFRA / f"{name}.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Statement:
    """One statement; `owners` are the roles that it belongs to, or the resource that carries it."""

    owners: tuple[str, ...]
    kind: str
    body: dict[str, Any]

    @property
    def sid(self) -> str:
        return str(self.body.get("Sid", ""))

    @property
    def allows(self) -> bool:
        return self.body["Effect"] == "Allow"

    @property
    def actions(self) -> list[str]:
        return texts(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        return texts(self.body.get("Resource", []))

    @property
    def principals(self) -> list[tuple[str, str]]:
        """('Service' | 'AWS' | ..., who), '*' being ('AWS', '*')."""
        given = self.body.get("Principal", {})
        given = {"AWS": given} if isinstance(given, str) else given
        return [(kind, who) for kind, value in given.items() for who in texts(value)]

    def condition(self, key: str) -> list[str]:
        """The values that a condition key must have, whatever the operator; [] without it."""
        operators = self.body.get("Condition", {}).values()
        return [text for tests in operators for text in texts(tests.get(key, []))]

    def __str__(self) -> str:
        return f"{'/'.join(self.owners)}.{self.sid or self.kind}"


def statements(template: Template) -> list[Statement]:
    """Every statement of every policy in a template, both branches of each Fn::If."""
    return [
        Statement(_owners(name, resource), kind, body)
        for name, resource in template["Resources"].items()
        for kind, document in _documents(resource)
        for body in branches(document["Statement"])
    ]


def _owners(name: str, resource: dict[str, Any]) -> tuple[str, ...]:
    roles = resource.get("Properties", {}).get("Roles", [])
    return tuple(role["Ref"] for role in branches(roles)) or (name,)


def _documents(resource: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = KINDS.get(resource["Type"], "identity")

    def walk(value: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(value, dict):
            if "Statement" in value:
                yield ("trust" if at == "AssumeRolePolicyDocument" else kind), value
            for key, item in value.items():
                yield from walk(item, key)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item, at)

    return walk(resource.get("Properties", {}), "")


def branches(value: Any) -> list[Any]:
    """The items of a list (or a single one) with each Fn::If replaced by both of its branches."""
    if isinstance(value, list):
        return [found for item in value for found in branches(item)]
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        return branches(value["Fn::If"][1:])
    return [] if value == {"Ref": "AWS::NoValue"} else [value]


def texts(value: Any) -> list[str]:
    """A string or intrinsic, or a list of them, as strings in which ${...} stands for what varies."""
    return [text for item in branches(value) for text in _texts(item)]


def _texts(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [str(item)]
    [(function, argument)] = item.items()
    if function == "Ref":
        return [f"${{{argument}}}"]
    if function == "Fn::GetAtt":
        return [f"${{{argument if isinstance(argument, str) else '.'.join(argument)}}}"]
    if function == "Fn::Sub" and isinstance(argument, str):
        return [argument]
    if function == "Fn::ImportValue":
        return [f"${{import {texts(argument)[0]}}}"]
    if function == "Fn::Sub":
        return _substituted(argument[0], argument[1])
    return [f"${{{function}}}"]


def _substituted(text: str, values: dict[str, Any]) -> list[str]:
    found = [text]
    for name, value in values.items():
        found = [re.sub(rf"\${{{name}}}", lambda _, v=v: v, t) for t in found for v in texts(value)]
    return found

"""Local paths in a template become artifacts, as `aws cloudformation package` does it (pure).

Each is replaced where it stands, so that the template stays what its author wrote; bucket, keys and
images are parameters, so that it is the same in every account and whatever code it deploys.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.components.nodes import child, compose, is_text, items
from runner.config.schema import Component, Definition, Image, LambdaZip, Stack
from runner.errors import SolutionError
from runner.text import one_line

BUCKET = "LockgateBucket"
STRING = {"Type": "String"}
REMOTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://|\$\{")
# Resource type -> where it names a file or folder, and what stands there instead.
PROPERTIES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "AWS::Lambda::Function": ((("Code",), "S3Bucket/S3Key"), (("Code", "ImageUri"), "image")),
    "AWS::Serverless::Function": ((("CodeUri",), "Bucket/Key"), (("ImageUri",), "image")),
    "AWS::StepFunctions::StateMachine": ((("DefinitionS3Location",), "Bucket/Key"),),
    "AWS::Serverless::StateMachine": ((("DefinitionUri",), "Bucket/Key"),),
    "AWS::Glue::Job": ((("Command", "ScriptLocation"), "uri"),),
    "AWS::SageMaker::Pipeline": ((("PipelineDefinition", "PipelineDefinitionS3Location"), "Bucket/Key"),),
    "AWS::SageMaker::Model": ((("PrimaryContainer", "Image"), "image"),),
    "AWS::CloudFormation::Stack": ((("TemplateURL",), "url"),),
}


@dataclass(frozen=True, slots=True)
class Packaged:
    """The template with its parameters added, and their values: name -> a text with ${references}.

    `added`: the line before which lines were added (0: none were), and how many."""

    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    added: tuple[int, int] = (0, 0)

    def line(self, line: int) -> int:
        """The line of the template as its author wrote it."""
        after, count = self.added
        return max(after, line - count) if count and line > after else line


@dataclass(frozen=True, slots=True)
class Local:
    """A local path in a template: its node, its line, and how it is to be replaced."""

    node: Any
    form: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1


def packaged(text: str, path: str, stack: Stack, components: Mapping[str, Component]) -> Packaged:
    """The template (its path relative to the root) with what `stack.package` names in the place of paths.

    Raises SolutionError for a path that is the source of none of them."""
    root = compose(text)
    edits: list[tuple[int, int, str]] = []
    parameters: dict[str, str] = {}
    for local in _locals(root):
        name = _component(local, path, stack, components)
        if name is None:
            continue
        value, needed = _instead(local.form, name)
        for parameter, meaning in needed.items():
            if parameters.setdefault(parameter, meaning) != meaning:
                raise SolutionError(f"two components need a parameter {parameter}", where=path)
        edits.append((local.node.start_mark.index, local.node.end_mark.index, json.dumps(value)))
    if not edits:
        return Packaged(text)
    insert, line = _parameters(root, parameters, path)
    edits.append(insert)
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    compose(text)
    return Packaged(text, parameters, (line, insert[2].count("\n")))


def _locals(root: Any) -> Iterator[Local]:
    """Every text in a place where a resource may name a file."""
    for _, resource in items(child(root, "Resources")):
        kind, properties = child(resource, "Type"), child(resource, "Properties")
        for keys, form in PROPERTIES.get(getattr(kind, "value", None) or "", ()) if is_text(kind) else ():
            node = properties
            for key in keys:
                node = child(node, key)
            if is_text(node) and node.value and not REMOTE.search(node.value):
                yield Local(node, form)


def _component(local: Local, path: str, stack: Stack, components: Mapping[str, Component]) -> str | None:
    """The component whose source a path is; None for an image that may be one of a registry."""
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(path), local.node.value))
    found = [n for n, c in components.items() if _source(c, local.form) == wanted]
    named = [name for name in found if name in stack.package]
    if named:
        _require_plain(components[named[0]], named[0], path)
        return named[0]
    if local.form == "image" and not found:
        return None
    where, shown = f"{path}: line {local.line}", one_line(local.node.value, 120)
    if found:
        raise SolutionError(f"{shown!r} is {found[0]!r}, which `package` does not name", where=where)
    raise SolutionError(f"{shown!r} is no component's source", where=where, hint="see docs/components.md")


def _source(component: Component, form: str) -> str | None:
    """The path by which a template may name a component in a place of this form."""
    if form == "image":
        return posixpath.normpath(component.dockerfile) if isinstance(component, Image) else None
    if form == "url":
        return posixpath.normpath(component.template) if isinstance(component, Stack) else None
    if isinstance(component, LambdaZip):
        return posixpath.normpath(component.source)
    return posixpath.normpath(component.path) if isinstance(component, Definition) else None


def _require_plain(component: Component, name: str, path: str) -> None:
    if isinstance(component, Stack) and component.package:
        raise SolutionError(f"the nested template {name!r} packages components itself", where=path)


def _instead(form: str, name: str) -> tuple[Any, dict[str, str]]:
    """What stands in the place of a path, and the parameters that it needs."""
    stem = "Lockgate" + "".join(part.capitalize() for part in name.split("-"))
    if form in ("image", "url"):
        parameter = stem + form.capitalize()
        return {"Ref": parameter}, {parameter: f"${{{name}.{form}}}"}
    parameters = {BUCKET: "${bucket}", f"{stem}Key": f"${{{name}.key}}"}
    if form == "uri":
        return {"Fn::Sub": f"s3://${{{BUCKET}}}/${{{stem}Key}}"}, parameters
    bucket, key = form.split("/")
    return {bucket: {"Ref": BUCKET}, key: {"Ref": f"{stem}Key"}}, parameters


def _parameters(root: Any, names: Mapping[str, str], path: str) -> tuple[tuple[int, int, str], int]:
    """The edit that declares parameters (start, end, text), and the line where it is made."""
    section = child(root, "Parameters")
    declared: dict[str, Any] = dict.fromkeys(names, STRING)
    into, entries = (section, declared) if section is not None else (root, {"Parameters": declared})
    taken = [key.value for key, _ in items(section) if key.value in names]
    if getattr(into, "id", "") != "mapping" or taken:
        what = f"it declares {taken[0]} itself" if taken else "its Parameters are no mapping"
        raise SolutionError(what, where=path)
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in entries.items()]
    if not into.value:
        at = into.start_mark.index + 1
        return (at, at, ", ".join(lines)), into.start_mark.line + 1
    mark = into.value[0][0].start_mark
    gap = ", " if into.flow_style else "\n" + " " * mark.column
    return (mark.index, mark.index, gap.join(lines) + gap), mark.line + 1

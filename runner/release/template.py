"""A stack's template made ready for a release, by edits of its text where they are needed (pure).

CloudFormation publishes a Lambda version once for each logical name. So each version's name carries a
digest of what it is a version of, and versions are kept when their resource leaves the stack: then
there is something to go back to.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.components.nodes import child, items
from runner.errors import SolutionError
from runner.release.intrinsics import SUB, Template, composed, target

FUNCTION, VERSION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"
LAYER = "AWS::Lambda::LayerVersion"
CODE_DEPLOY = "CodeDeployLambdaAliasUpdate"
DIGITS = 10
# RetainExceptOnCreate: Retain, but an update that is rolled back takes with it what it published. A
# version that it left behind could make Lambda refuse to publish the same content again.
POLICIES = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
# Properties of a function that are no part of its versions (as aws-cdk's VERSION_LOCKED has them): to
# publish a version for them would fail, since Lambda makes none where nothing changed.
UNVERSIONED = ("CodeSigningConfigArn", "ReservedConcurrentExecutions", "Tags", "TenancyConfig")
Edit = tuple[int, int, str]


def versioned(text: str, parameters: Mapping[str, str]) -> str:
    """The template with a digest in each version's logical name, and with versions that are retained.

    Parameters that are not given have their defaults. Same content, same name; a role's rights and what
    other resources are do not count, except a function's layers. Raises SolutionError for a text that
    is no template, or a reference that cannot be rewritten."""
    text = text.removeprefix("\ufeff")
    template, root = Template.read(text, parameters), composed(text)
    names = {
        name: name + _digest(template, name)
        for name, resource in template.body["Resources"].items()
        if isinstance(resource, dict) and resource.get("Type") == VERSION
    }
    resources = [(k, v) for k, v in items(child(root, "Resources")) if k.value in names]
    references = [Reference(key, frozenset({key.value})) for key, _ in resources]
    references += [r for r in _references(root) if r.names & set(names)]
    edits = [reference.renamed(text, names) for reference in references]
    edits += [edit for _, node in resources for edit in _retained(text, node)]
    made = _edited(text, edits)
    _require(made, names)
    return made


def pinned(text: str, versions: Mapping[str, str]) -> str:
    """The template whose aliases (by logical name) stay at versions that are there (by number).

    Raises SolutionError for a name that is no alias, or one without a FunctionVersion."""
    text = text.removeprefix("\ufeff")
    root = composed(text)
    edits = []
    for alias, number in versions.items():
        resource = child(child(root, "Resources"), alias)
        node = child(child(resource, "Properties"), "FunctionVersion")
        if node is None or getattr(child(resource, "Type"), "value", "") != ALIAS:
            raise SolutionError(f"{alias} is no alias with a FunctionVersion", where="template")
        edits.append((node.start_mark.index, _end(node), json.dumps(number)))
    made = _edited(text, edits)
    body = Template.read(made, {})
    if any(body.raw(alias).get("FunctionVersion") != number for alias, number in versions.items()):
        raise SolutionError("a FunctionVersion could not be rewritten", where="template")
    return made


def aliases(text: str) -> dict[str, tuple[str, str]]:
    """Each alias with its function and its version by logical names, '' for what is none of this stack."""
    template = Template.read(text, {})
    found = {}
    for name in template.resources(ALIAS):
        properties = template.properties(name)
        pair = (target(properties.get(key))[0] for key in ("FunctionName", "FunctionVersion"))
        function, version = (n if n in template.body["Resources"] else "" for n in pair)
        found[name] = (function, version)
    return found


def code_deploy_aliases(text: str) -> frozenset[str]:
    """The aliases whose traffic CloudFormation itself moves, through CodeDeploy."""
    found = Template.read(text, {}).resources(ALIAS)
    return frozenset(name for name, r in found.items() if CODE_DEPLOY in (r.get("UpdatePolicy") or ()))


def _digest(template: Template, version: str) -> str:
    """What a published version depends on: its function's versioned properties, its layers' content."""
    function = template.properties(version).get("FunctionName")
    properties = template.properties(target(function)[0])
    layers = properties.get("Layers")
    used = [target(layer)[0] for layer in layers] if isinstance(layers, list) else []
    own = template.resources(LAYER)
    content = [
        function,
        {k: v for k, v in properties.items() if k not in UNVERSIONED},
        [template.properties(layer) for layer in used if layer in own],
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class Reference:
    """A scalar that names resources: by itself (Ref, GetAtt, DependsOn), or inside a text (Sub)."""

    node: Any
    names: frozenset[str]
    inside: bool = False

    def renamed(self, text: str, names: Mapping[str, str]) -> Edit:
        """The edit that gives each its new name; what is not found there is left as it is."""
        start, end = self.node.start_mark.index, self.node.end_mark.index
        made = text[start:end]
        before = r"(\$\{)" if self.inside else r"(\A(?:!\w+\s+)?[\"']?)"
        for old in self.names & set(names):
            made = re.sub(rf"{before}{re.escape(old)}(?!\w)", rf"\g<1>{names[old]}", made)
        return start, end, made


def _references(root: Any) -> Iterator[Reference]:
    """Every reference to a resource, wherever it stands."""
    for _, resource in items(child(root, "Resources")):
        node = child(resource, "DependsOn")
        for item in (node.value if node.id == "sequence" else [node]) if node is not None else ():
            yield from _by_name(item)
    yield from _intrinsics(root)


def _intrinsics(node: Any) -> Iterator[Reference]:
    if node.tag in SHORT:
        yield from SHORT[node.tag](node)
    for key, value in items(node):
        if key.value in ("Ref", "Fn::GetAtt", "Fn::Sub"):
            yield from SHORT[f"!{key.value.removeprefix('Fn::')}"](value)
        yield from _intrinsics(value)
    for item in node.value if node.id == "sequence" else ():
        yield from _intrinsics(item)


def _by_name(node: Any) -> Iterator[Reference]:
    """X, X.Attribute, or the first item of [X, Attribute]."""
    first = node.value[0] if node.id == "sequence" and node.value else node
    if first.id == "scalar":
        yield Reference(first, frozenset({first.value.split(".")[0]}))


def _by_text(node: Any) -> Iterator[Reference]:
    """A text, or [text, {variable: value}], whose variables hide resources of their names."""
    listed = node.value if node.id == "sequence" else [node]
    if listed and listed[0].id == "scalar":
        own = {key.value for key, _ in items(listed[-1]) if key.id == "scalar"}
        used = {name.split(".")[0] for name in SUB.findall(listed[0].value)}
        yield Reference(listed[0], frozenset(used - own), inside=True)


SHORT = {"!Ref": _by_name, "!GetAtt": _by_name, "!Sub": _by_text}


def _retained(text: str, resource: Any) -> Iterator[Edit]:
    """The edits that give a resource its POLICIES: in the place of what is there, or as its first lines."""
    mark = resource.value[0][0].start_mark
    flow = resource.flow_style
    for key, policy in POLICIES.items():
        node = child(resource, key)
        if node is not None:
            quoted = text[node.start_mark.index : node.end_mark.index].startswith('"')
            yield node.start_mark.index, _end(node), json.dumps(policy) if quoted else policy
        else:
            new = f'"{key}": "{policy}", ' if flow else f"{key}: {policy}\n{' ' * mark.column}"
            yield mark.index, mark.index, new


def _end(node: Any) -> int:
    """Where a node's text ends: a block collection's own mark lies behind the comments that follow it."""
    if node.id == "scalar" or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if node.id == "mapping" else last)


def _edited(text: str, edits: Iterable[Edit]) -> str:
    for start, end, new in sorted(set(edits), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _require(text: str, names: Mapping[str, str]) -> None:
    """Refuse a result in which an old name or a version that is not retained is left."""
    root = composed(text)
    resources = {key.value: node for key, node in items(child(root, "Resources"))}
    for reference in _references(root):
        if reference.names & set(names):
            line = reference.node.start_mark.line + 1
            raise SolutionError(
                "a reference to a version cannot be rewritten", where=f"template: line {line}"
            )
    for new in names.values():
        kept = {key: getattr(child(resources.get(new), key), "value", "") for key in POLICIES}
        if kept != POLICIES:
            raise SolutionError(f"{new} could not be named and retained", where="template")

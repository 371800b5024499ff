"""A template configuration for CodePipeline's stock CloudFormation action (pure).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.components.references import REFERENCE, interpolate_all, published, values
from runner.errors import RefusedError, UsageError
from runner.export.source import (
    artifacts_of,
    chosen,
    images_of,
    of_kind,
    require_executed,
    require_passed,
    short_metadata,
)
from runner.manifest.read import ReadManifest
from runner.manifest.schema import Manifest


@dataclass(frozen=True, slots=True)
class Stack:
    """Which stack, in which environment. `parameters` replace those of the manifest; `policy` is a stack
    policy, {} for none."""

    component: str = ""
    bucket: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)


def configuration(manifest: ReadManifest, stack: Stack) -> bytes:
    """{"Parameters", "Tags", "StackPolicy"}: every ${...} replaced by what the manifest names by digest.

    Raises RefusedError for a manifest that did not pass or whose functions were executed in another build,
    UsageError for a reference that cannot be made."""
    fields = manifest.fields
    require_passed(fields)
    name = chosen(of_kind(fields, "stack"), stack.component, "stack")
    texts = {**_parameters(fields, name), **stack.parameters}
    require_executed(fields, {text.partition(".")[0] for text in _references(texts.values())})
    known = _known(fields, stack.bucket)
    where = f"components.{name}.parameters"
    document: dict[str, Any] = {
        "Parameters": interpolate_all(texts, known, where=where),
        "Tags": short_metadata(
            {
                "lockgate:solution": fields.solution,
                "lockgate:run": fields.run_id,
                "lockgate:commit": fields.source.commit,
                "lockgate:manifest": manifest.sha256,
            }
        ),
    }
    if stack.policy:
        document["StackPolicy"] = dict(stack.policy)
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def _parameters(manifest: Manifest, name: str) -> dict[str, str]:
    told = manifest.components[name].facts.get("parameters", {})
    if not isinstance(told, Mapping) or not all(isinstance(value, str) for value in told.values()):
        raise RefusedError(f"the parameters of {name} are not texts by name")
    return dict(told)


def _references(texts: Iterable[str]) -> list[str]:
    return [found.strip() for text in texts for found in REFERENCE.findall(text)]


def _known(manifest: Manifest, bucket: str) -> dict[str, str]:
    """What references stand for; ${NAME.file} does not, as nothing lies on this machine."""
    artifacts = artifacts_of(manifest)
    objects = {name: published(manifest.solution, a, executed=False) for name, a in artifacts.items()}
    known = {k: v for k, v in values(bucket, objects).items() if not k.endswith(".file")}
    return known | {f"{name}.image": address for name, address in images_of(manifest).items()}


def stack_policy(text: bytes) -> dict[str, Any]:
    """A stack policy; raises UsageError where it is no JSON object."""
    from runner.config.json_strict import parse

    try:
        policy = parse(text)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict) or not isinstance(policy.get("Statement"), list):
        raise UsageError('not {"Statement": [...]}', where="--stack-policy")
    return policy

"""What a manifest asks to run in an environment, and the bytes that belong to it (pure).

In the sandbox it is the variant that the sandbox can execute, which is the one that was tested. A real AWS
is given only what was executed in its own runtime: built for the Python that ran it, or invoked in a test
stack of a real AWS (DESIGN rule 2). Equal bytes that another Python ran are not that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from runner.components.references import Published, interpolate_all, values
from runner.config.schema import Environment, Solution, Stack
from runner.errors import RefusedError, UsageError
from runner.manifest.schema import Component, Manifest
from runner.model import Status
from runner.release.records import Content, Part
from runner.stages.context import STORED

LARGE = ".yml"


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that have to lie in the artifact bucket: their key, their sha256 and their size."""

    key: str
    sha256: str
    size: int


def stack_of(solution: Solution, name: str) -> str:
    """The stack component that an environment runs. Raises UsageError where that is not clear."""
    wanted = solution.environments[name].stack
    stacks = {n: c for n, c in solution.components.items() if isinstance(c, Stack)}
    nested = {n for stack in stacks.values() for n in stack.package}
    found = [wanted] if wanted in stacks else [] if wanted else [n for n in stacks if n not in nested]
    if len(found) != 1:
        what = f"there is no stack component {wanted!r}" if wanted else f"which of {sorted(found)}?"
        raise UsageError(what, where=f"environments.{name}.stack")
    return str(found[0])


def content_of(
    manifest: Manifest, stack: str, environment: Environment, stack_name: str, *, is_sandbox: bool
) -> Content:
    """What is to run. Raises RefusedError for a component that must not be deployed there."""
    built = {name: component for name, component in manifest.components.items() if component.is_built}
    if not is_sandbox:
        _require_executed(built, _in_real_aws(manifest))
    parts = {
        name: _part(manifest.solution, name, component, is_sandbox=is_sandbox)
        for name, component in built.items()
    }
    if stack not in parts:
        raise RefusedError(f"the manifest has no stack {stack!r}", where="manifest.json")
    facts = manifest.components[stack].facts
    recipe = {**facts.get("packaged", {}), **facts.get("parameters", {}), **environment.parameters}
    return Content(stack_name, parts[stack].sha256, recipe, parts, stack)


def _in_real_aws(manifest: Manifest) -> frozenset[tuple[str, str]]:
    """The components, with digests, that a passed integration stage had in a test stack of a real AWS."""
    found: set[tuple[str, str]] = set()
    for stage in manifest.stages.values():
        deployed = stage.facts.get("deployed")
        if stage.kind != "integration" or stage.status is not Status.PASSED:
            continue
        if stage.facts.get("aws") == "real" and isinstance(deployed, Mapping):
            found |= {(name, str(sha256)) for name, sha256 in deployed.items()}
    return frozenset(found)


def _require_executed(built: Mapping[str, Component], seen: frozenset[tuple[str, str]]) -> None:
    for name, component in built.items():
        if component.executed and (name, component.sha256) not in seen:
            raise RefusedError(
                f"{name} was not executed in its own runtime: the tests ran {component.executed.target}",
                where="manifest.json",
                hint="run the stages in a real AWS, or where that runtime is (docs/deploy.md)",
            )


def _part(solution: str, name: str, component: Component, *, is_sandbox: bool) -> Part:
    ran = component.executed
    deployed = ran.sha256 if ran and is_sandbox else component.sha256
    stored = component.kind in STORED or component.kind == "stack"
    key = f"{solution}/{name}/{deployed}{component.suffix}" if stored else ""
    image = "" if stored else str(component.facts.get("image", ""))
    return Part(component.kind, component.version, component.sha256, deployed, key, image)


def sizes(manifest: Manifest, content: Content) -> dict[str, Stored]:
    """What has to lie in the bucket, by component."""
    found = {}
    for name, part in content.parts.items():
        component = manifest.components[name]
        ran = component.executed
        size = ran.size if ran and part.deployed == ran.sha256 else component.size
        if part.key:
            found[name] = Stored(part.key, part.deployed, size)
    return found


def parameters(content: Content, bucket: str, host: str) -> dict[str, str]:
    """The stack's parameters with every ${reference} replaced; `host` is S3's address."""
    objects = {n: Published(p.key, p.deployed, "") for n, p in content.parts.items() if p.key}
    known = values(bucket, objects, host)
    known |= {f"{n}.image": p.image for n, p in content.parts.items() if p.image}
    return interpolate_all(content.recipe, known, where="the stack's parameters")


def with_part(content: Content, name: str, part: Part) -> Content:
    """The same content with one component of another version."""
    template = part.sha256 if name == content.stack else content.template
    return replace(content, template=template, parts={**content.parts, name: part})


def same(one: Content, other: Content) -> bool:
    """Whether both would run the same bytes with the same parameters, whatever their versions are called."""
    return _bare(one) == _bare(other)


def _bare(content: Content) -> tuple[str, str, Mapping[str, str], dict[str, tuple[str, str]]]:
    parts = {name: (part.deployed, part.image) for name, part in content.parts.items()}
    return content.stack_name, content.template, dict(content.recipe), parts

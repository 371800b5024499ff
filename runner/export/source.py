"""The manifest that is exported, and what it names (pure): refused unless it may leave the house."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runner.errors import RefusedError, UsageError
from runner.manifest.schema import Component, Manifest
from runner.model import Artifact, Status
from runner.text import one_line

# REPOSITORY@DIGEST; SageMaker takes 255 characters.
IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,180}@sha256:[0-9a-f]{64}")


def require_passed(manifest: Manifest) -> None:
    """Raise RefusedError unless the whole solution passed; there is no way around it."""
    status = manifest.verdict.status
    if status is not Status.PASSED:
        reason = one_line(manifest.verdict.reason)
        raise RefusedError(f"its verdict is {status}: {reason}", where=_where(manifest))
    require_complete(manifest)


def require_complete(manifest: Manifest) -> None:
    """Raise RefusedError where stages were left out, or an override stands in the manifest."""
    if not manifest.complete:
        hint = "run the whole solution, without --stage"
        raise RefusedError("only some of its stages were run", where=_where(manifest), hint=hint)
    if manifest.overrides:
        raise RefusedError("it has overrides, which this Lockgate does not know", where=_where(manifest))


def artifacts_of(manifest: Manifest) -> dict[str, Artifact]:
    """The components as artifacts without a file; `path` is a name with the right ending."""
    return {
        name: Artifact(name, c.kind, f"{name}{c.suffix}", c.sha256, c.size, "", c.version, facts=c.facts)
        for name, c in manifest.components.items()
    }


def images_of(manifest: Manifest) -> dict[str, str]:
    """Component -> REPOSITORY@DIGEST of every image that was built.

    Raises RefusedError where that is no address, or names another image than the component's digest."""
    found = {}
    for name, component in sorted(manifest.components.items()):
        if "image" not in component.facts or not component.is_built:
            continue
        address = component.facts["image"]
        if not isinstance(address, str) or not IMAGE.fullmatch(address):
            raise RefusedError(f"component {name} has no address of an image", where=_where(manifest))
        if not address.endswith(component.sha256):
            raise RefusedError(f"component {name}: its address names another image", where=_where(manifest))
        found[name] = address
    return found


def chosen(components: Iterable[str], asked: str, what: str) -> str:
    """The component that was asked for, or the only one that there is. Raises UsageError."""
    there = sorted(components)
    if asked:
        if asked not in there:
            raise UsageError(f"{one_line(asked, 80)!r} is no {what}", hint=_there(there))
        return asked
    if len(there) != 1:
        raise UsageError(f"which {what}?", where="--component", hint=_there(there))
    return there[0]


def of_kind(manifest: Manifest, kind: str) -> dict[str, Component]:
    """The components of a kind."""
    return {name: c for name, c in manifest.components.items() if c.kind == kind}


def require_executed(manifest: Manifest, names: Iterable[str]) -> None:
    """Raise RefusedError where another build than the one that would be deployed is what the tests ran."""
    for name in sorted(names):
        component = manifest.components.get(name)
        ran = component.executed if component else None
        if component and ran and ran.sha256 != component.sha256:
            raise RefusedError(
                f"what the tests executed of {name} was built for {one_line(ran.target, 60)}, and is not what"
                " would be deployed",
                where=_where(manifest),
                hint="run the stages on the function's own Python and architecture",
            )


def _where(manifest: Manifest) -> str:
    return one_line(f"run {manifest.run_id}", 220)


def _there(names: Iterable[str]) -> str:
    return f"there are: {', '.join(one_line(name, 80) for name in names) or 'none'}"


def short_metadata(values: Mapping[str, str]) -> dict[str, str]:
    """Values as tags and SageMaker's metadata take them: at most 256 of their characters, none empty."""
    clean = {
        name: re.sub(r"[^A-Za-z0-9_.:/=+@ -]", "-", value)[:256].strip() for name, value in values.items()
    }
    return {name: value for name, value in clean.items() if value}

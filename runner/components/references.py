"""`${...}` in stack parameters and in a Lambda's test environment (pure).

${bucket} is the artifact bucket; ${NAME.sha256}, ${NAME.key}, ${NAME.uri} are a component's digest,
its object's key and its s3:// address; ${NAME.file} is its path on this machine; ${NAME.image} is an
image's REPOSITORY@DIGEST; ${NAME.url} is where CloudFormation finds a nested template.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from runner.errors import InfrastructureError, UsageError
from runner.model import Artifact

REFERENCE = re.compile(r"\$\{([^}]*)\}")
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Published:
    """A component's bytes and where in the artifact bucket they belong."""

    key: str
    sha256: str
    path: str


def published(solution: str, artifact: Artifact, *, executed: bool) -> Published:
    """What is uploaded for an artifact; `executed`: the variant that the sandbox can run."""
    chosen = artifact.executed if executed and artifact.executed else artifact
    key = f"{solution}/{artifact.name}/{chosen.sha256}{PurePath(chosen.path).suffix}"
    return Published(key, chosen.sha256, chosen.path)


def values(bucket: str, objects: Mapping[str, Published], host: str = "") -> dict[str, str]:
    """Every reference that can be made, and its value; no bucket: no ${bucket} and no uri. `host` is
    S3's address (https://...), without which there is no url."""
    known = {"bucket": bucket} if bucket else {}
    for name, item in objects.items():
        known |= {f"{name}.sha256": item.sha256, f"{name}.key": item.key, f"{name}.file": item.path}
        if bucket:
            known[f"{name}.uri"] = f"s3://{bucket}/{item.key}"
        if bucket and host:
            known[f"{name}.url"] = f"{host}/{bucket}/{item.key}"
    return known


def image_values(artifacts: Iterable[Artifact]) -> tuple[dict[str, str], dict[str, str]]:
    """${NAME.image} of every image: those that there are, and why there are no others."""
    images = [a for a in artifacts if "built" in a.facts]
    known = {f"{a.name}.image": str(a.facts["image"]) for a in images if a.facts["built"]}
    absent = {f"{a.name}.image": str(a.facts.get("why", "")) for a in images if not a.facts["built"]}
    return known, absent


def interpolate(
    text: str, known: Mapping[str, str], *, where: str, absent: Mapping[str, str] = NOTHING
) -> str:
    """Replace each ${reference}; raises UsageError with 'did you mean' for an unknown one, and
    InfrastructureError for one that is `absent`, with the reason that is its value."""

    def replace(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in known:
            return known[name]
        if name in absent:
            raise InfrastructureError(f"there is no ${{{name}}}: {absent[name]}", where=where)
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean ${{{near[0]}}}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"unknown reference ${{{name}}}", where=where, hint=hint)

    return REFERENCE.sub(replace, text)


def interpolate_all(
    texts: Mapping[str, str], known: Mapping[str, str], *, where: str, absent: Mapping[str, str] = NOTHING
) -> dict[str, str]:
    """`interpolate` over a mapping's values; `where` is joined by the key."""
    return {k: interpolate(text, known, where=f"{where}.{k}", absent=absent) for k, text in texts.items()}

"""Evidence: what a run left, as in-toto Statements, and the signatures over them.

A run writes its statements as files, `statements/<name>.json` in RFC 8785 canonical bytes, and its manifest
pins the exact set. `lockgate sign` checks them against the run and signs them; `lockgate verify` checks all
of it offline (docs/evidence.md).

All of them follow from what lies in the run's folder (`runner.evidence.left`), so that a signer, who has
nothing else, rebuilds each and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.manifest.schema import Component

STATEMENT = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class NamedStatement:
    """An in-toto Statement v1 as plain data, and its name in its run.

    `name` is the file's, unique in the run: lower case, digits, dashes, such as `sbom-predict`."""

    name: str
    statement: Mapping[str, Any]


def statement(
    subjects: Sequence[Mapping[str, Any]], predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """A Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md."""
    return {
        "_type": STATEMENT,
        "subject": list(subjects),
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def subjects_of(name: str, component: Component) -> list[dict[str, Any]]:
    """A component as subjects: what would be deployed, and what the tests ran where that differs.

    Empty where nothing was built, as of an image of which there is the definition alone."""
    if not component.is_built:
        return []
    found = [subject(name, component.sha256)]
    if (ran := component.executed) and ran.sha256 != component.sha256:
        found.append(subject(f"{name}@{ran.target}", ran.sha256))
    return found


def subject(name: str, sha256: str) -> dict[str, Any]:
    """A ResourceDescriptor known by the sha256 of its bytes (of an image: of its manifest)."""
    return {"name": name, "digest": {"sha256": sha256}}

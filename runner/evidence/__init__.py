"""Evidence: what a run left, as in-toto Statements, and the signatures over them.

A run writes its statements as files, `statements/<name>.json` in RFC 8785 canonical bytes, and its manifest
pins the exact set. `lockgate sign` checks them against the run and signs them; `lockgate verify` checks all
of it offline (docs/evidence.md).

What only the solution's folder can tell (the components' SBOMs, the models' cards) is built by modules of
their own, one line in `STATEMENTS` each; the statements of `runner.evidence.statements` follow from the
manifest and the stages' results alone, so that a signer rebuilds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from runner.config.schema import Solution
from runner.model import Artifact
from runner.report.record import RunRecord

STATEMENT = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class NamedStatement:
    """An in-toto Statement v1 as plain data, and its name in its run.

    `name` is the file's, unique in the run: lower case, digits, dashes, such as `sbom-predict`."""

    name: str
    statement: Mapping[str, Any]


Builder = Callable[[RunRecord, Path, Solution], Sequence[NamedStatement]]

# What it is about -> the module with its `build(record, root, solution)`, imported when it is needed.
# A builder raises a LockgateError where the evidence is not there: the run's verdict is then ERROR.
STATEMENTS: dict[str, str] = {"components": "runner.evidence.sbom"}


def builder(module: str) -> Builder:
    """The `build` function of a module in STATEMENTS."""
    build: Builder = import_module(module).build
    return build


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


def subjects_of(artifact: Artifact) -> list[dict[str, Any]]:
    """A component as subjects: what would be deployed, and what the tests ran where that differs.

    Empty where nothing was built, as of an image of which there is the definition alone."""
    if not artifact.facts.get("built", True):
        return []
    found = [subject(artifact.name, artifact.sha256)]
    if artifact.executed and artifact.executed.sha256 != artifact.sha256:
        found.append(subject(f"{artifact.name}@{artifact.executed.target}", artifact.executed.sha256))
    return found


def subject(name: str, sha256: str) -> dict[str, Any]:
    """A ResourceDescriptor known by the sha256 of its bytes (of an image: of its manifest)."""
    return {"name": name, "digest": {"sha256": sha256}}

"""The statements of a finished run: built from what it left, written as files, pinned by its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.adapters.output import SECRECY
from runner.config.schema import Solution
from runner.errors import InfrastructureError
from runner.evidence import NamedStatement
from runner.evidence.left import LOCKS, read_left
from runner.evidence.lockfile import MAX_BYTES
from runner.evidence.statements import of_the_run
from runner.manifest.build import canonical, pin
from runner.manifest.read import read_bounded
from runner.model import Artifact

FOLDER = "statements"


def collect(manifest: dict[str, Any], folder: Path) -> list[NamedStatement]:
    """All statements of a run whose results and locks lie in `folder`, built from `manifest`.

    Raises RefusedError or InfrastructureError where one cannot be built."""
    return of_the_run(read_left(folder, json.loads(canonical(manifest))))


def keep_locks(artifacts: Sequence[Artifact], solution: Solution, root: Path, folder: Path) -> None:
    """Keep the locks that components were built from, by digest, for whoever builds their BOMs anew.

    One with a secret in it (an index's password) is not kept: its packages are unknown then. Raises
    InfrastructureError where a lock is not the one that its component was built from."""
    for artifact in artifacts:
        component = solution.components.get(artifact.name)
        sha256, name = artifact.facts.get("lock_sha256"), getattr(component, "lock", None)
        if not sha256 or not name:
            continue
        raw = read_bounded(root / name, MAX_BYTES)
        if hashlib.sha256(raw).hexdigest() != sha256:
            what = f"{name} is not the lock that {artifact.name} was built from"
            raise InfrastructureError(what, hint="it changed since: build again")
        if SECRECY.redactor().data(raw) == raw:
            write_atomic(folder / LOCKS / sha256, raw)


def write(manifest: dict[str, Any], statements: Sequence[NamedStatement], folder: Path) -> dict[str, Any]:
    """Write the statements into the run's folder; the manifest that pins them."""
    pins = []
    for named in statements:
        raw = canonical(named.statement)
        write_atomic(folder / FOLDER / f"{named.name}.json", raw)
        pins.append((named.name, str(named.statement["predicateType"]), raw))
    return pin(manifest, pins)

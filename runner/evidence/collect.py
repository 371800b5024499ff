"""The statements of a finished run: built, written as files, pinned by its manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.config.schema import Solution
from runner.errors import InfrastructureError
from runner.evidence import STATEMENTS, NamedStatement, builder
from runner.evidence.left import read_left
from runner.evidence.statements import of_the_run
from runner.manifest.build import canonical, pin
from runner.report.record import RunRecord
from runner.text import one_line

FOLDER = "statements"


def collect(
    record: RunRecord, manifest: dict[str, Any], folder: Path, solution: Solution, root: Path
) -> list[NamedStatement]:
    """All statements of a run whose results lie in `folder`; `manifest` is what they are built from.

    Raises InfrastructureError where one cannot be built."""
    found = of_the_run(read_left(folder, json.loads(canonical(manifest))))
    for module in STATEMENTS.values():
        found += builder(module)(record, root, solution)
    names = [named.name for named in found]
    if len(set(names)) != len(names):
        raise InfrastructureError(f"two statements have one name: {one_line(sorted(names))}")
    return found


def write(manifest: dict[str, Any], statements: Sequence[NamedStatement], folder: Path) -> dict[str, Any]:
    """Write the statements into the run's folder; the manifest that pins them."""
    pins = []
    for named in statements:
        raw = canonical(named.statement)
        write_atomic(folder / FOLDER / f"{named.name}.json", raw)
        pins.append((named.name, str(named.statement["predicateType"]), raw))
    return pin(manifest, pins)

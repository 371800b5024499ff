"""The differences of two manifests as lines for people, and as data for machines (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from runner.manifest.diff import ADDED, REMOVED, UNKNOWN, Change
from runner.manifest.read import ReadManifest
from runner.manifest.thresholds import LOOSENED, TIGHTENED
from runner.text import one_line

MARKS = {ADDED: "+", REMOVED: "-", LOOSENED: "!", UNKNOWN: "?"}
SAID = (LOOSENED, TIGHTENED, UNKNOWN)


def lines(a: ReadManifest, b: ReadManifest, changes: Sequence[Change]) -> Iterator[str]:
    """What two manifests are, what changed section by section, and how many limits moved which way."""
    yield f"A  {_title(a)}"
    yield f"B  {_title(b)}"
    for section, found in groupby(changes, key=lambda change: change.section):
        yield section
        for change in found:
            yield _line(change)
            yield from (f"      {one_line(detail)}" for detail in change.details)
    yield _closing(changes)


def _title(manifest: ReadManifest) -> str:
    fields = manifest.fields
    commit = fields.source.commit[:12] or "unknown"
    return one_line(f"{fields.solution}, run {fields.run_id}, {fields.verdict.status}, commit {commit}")


def _line(change: Change) -> str:
    said = f": {change.kind}" if change.kind in SAID else ""
    return f"  {MARKS.get(change.kind, '~')} {one_line(f'{change.name}: {change.what}', 400)}{said}"


def _closing(changes: Sequence[Change]) -> str:
    if not changes:
        return "nothing changed"
    ways = Counter(change.kind for change in changes)
    told = [f"{ways[way]} {way}" for way in SAID if ways[way]]
    return ", ".join([f"{len(changes)} differences", *told])


def data(a: ReadManifest, b: ReadManifest, changes: Sequence[Change]) -> dict[str, Any]:
    """The machine form: {'a', 'b', 'differs', 'loosened', 'changes': [...]}."""
    return {
        "a": _identity(a),
        "b": _identity(b),
        "differs": bool(changes),
        "loosened": sum(change.kind == LOOSENED for change in changes),
        "changes": [asdict(change) for change in changes],
    }


def _identity(manifest: ReadManifest) -> dict[str, str]:
    fields = manifest.fields
    return {
        "solution": fields.solution,
        "run_id": fields.run_id,
        "commit": fields.source.commit,
        "verdict": fields.verdict.status,
        "manifest_sha256": manifest.sha256,
    }

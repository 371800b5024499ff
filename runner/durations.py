"""How long each check took the last time, kept beside the runs: shards are cut by it.

It steers speed alone, so a file that is missing or damaged is no more than unknown durations.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.adapters.files import write_atomic
from runner.model import StageResult, Status

FILE = Path(".lockgate", "durations.json")
Seconds = Mapping[str, Mapping[str, float]]


def recorded(root: Path) -> Seconds:
    """Stage -> check id -> seconds; empty where nothing usable is recorded."""
    try:
        found = json.loads((root / FILE).read_bytes())
        return {str(s): _finite(checks) for s, checks in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _finite(checks: Mapping[str, float]) -> dict[str, float]:
    """Without NaN and infinity, which Python reads from JSON: nothing could be sorted by them."""
    return {str(i): float(t) for i, t in checks.items() if math.isfinite(float(t))}


def record(root: Path, results: Sequence[StageResult]) -> None:
    """Remember the durations of the stages that were judged; those of others stay."""
    kept = dict(recorded(root))
    for result in results:
        timed = {c.id: round(c.seconds, 4) for c in result.checks if c.status is not Status.SKIPPED}
        if result.is_stage and timed:
            kept[result.name] = timed
    write_atomic(root / FILE, json.dumps(kept, sort_keys=True).encode())

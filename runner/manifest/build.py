"""RunRecord -> manifest, as plain data. Pure; `canonical` gives its bytes and digest.

Schema `lockgate.manifest/1`. Readers refuse another major version and keep unknown fields.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from runner.model import Artifact, StageResult, Status, Variant
from runner.report.record import RunRecord
from runner.report.tally import counts as tallied

SCHEMA = "lockgate.manifest/1"


def build_manifest(
    record: RunRecord,
    results_sha256: Mapping[str, str],
    locks: Mapping[str, str],
    min_checks: Mapping[str, int] | None = None,
    configuration: str = "",
) -> dict[str, Any]:
    """The manifest of a finished run, without its statements.

    `results_sha256`: stage -> digest of its sealed result.json, so that a later signer can re-read
    the very evidence. `locks`: lock file -> sha256 of its bytes. `min_checks`: stage -> how many checks
    had to be executed. `configuration`: sha256 of lockgate.yml."""
    stages = [r for r in record.results if r.is_stage]
    least = min_checks or {}
    return {
        "schema": SCHEMA,
        "run_id": record.run_id,
        "solution": record.solution,
        "source": {"commit": record.commit, "branch": record.branch, "clean": record.tree_clean},
        "started": record.started,
        "seconds": round(record.seconds, 3),
        "aws": record.aws,
        "complete": record.complete,
        "release": record.release or None,
        "verdict": {"status": record.verdict.status, "reason": record.verdict.reason},
        "steps": {r.name: _step(r) for r in record.results if not r.is_stage},
        "stages": {
            r.name: stage_entry(r, results_sha256.get(r.name, ""), least.get(r.name, 1)) for r in stages
        },
        "components": {a.name: _component(a) for a in record.artifacts},
        "judged": judged_entries(stages),
        "configuration": {"sha256": configuration},
        "locks": dict(locks),
        "tools": dict(record.tools),
        "overrides": [],
        "statements": [],
    }


def pin(manifest: Mapping[str, Any], statements: Sequence[tuple[str, str, bytes]]) -> dict[str, Any]:
    """The manifest with the exact set of its statements: (name, predicate type, canonical bytes)."""
    pins = [{"name": n, "predicate_type": t, "sha256": digest(raw)} for n, t, raw in sorted(statements)]
    return {**manifest, "statements": pins}


def _step(result: StageResult) -> dict[str, Any]:
    return {
        "status": result.status,
        "seconds": round(result.seconds, 3),
        "cause": result.cause,
        "blocked_by": result.blocked_by,
    }


def stage_entry(result: StageResult, sha256: str, min_checks: int) -> dict[str, Any]:
    """What a manifest says of a stage; `sha256` is that of its result.json, '' where it left none."""
    return {
        "kind": result.kind,
        **_step(result),
        "min_checks": min_checks,
        "counts": counts(result),
        "result_sha256": sha256,
        "facts": dict(result.report.evidence.facts) if result.report else {},
        "failed": [
            {"id": c.id, "status": c.status, "measured": c.measured, "limit": c.limit, "cause": c.cause[:500]}
            for c in result.checks
            if c.status in (Status.FAILED, Status.ERROR)
        ][:50],
    }


def counts(result: StageResult) -> dict[str, int]:
    """How many checks were collected and executed, and how they ended."""
    tally = tallied(result.checks)
    return {
        "collected": len(result.report.collected) if result.report else 0,
        "executed": tally.total - tally.skipped,
        "passed": tally.passed,
        "failed": tally.failed,
        "errored": tally.errors,
        "skipped": tally.skipped,
    }


def _component(artifact: Artifact) -> dict[str, Any]:
    """No paths: the same component is the same entry on every machine."""
    return {
        "kind": artifact.kind,
        "version": artifact.version,
        "sha256": artifact.sha256,
        "size": artifact.size,
        "suffix": suffix_of(artifact.path),
        "executed": _variant(artifact.executed),
        "facts": dict(artifact.facts),
    }


def suffix_of(path: str) -> str:
    """How the component's object in a bucket ends, such as '.zip'."""
    suffix = PurePath(path).suffix
    return suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,16}", suffix) else ""


def _variant(variant: Variant | None) -> dict[str, Any] | None:
    if variant is None:
        return None
    return {"target": variant.target, "sha256": variant.sha256, "size": variant.size}


def judged_entries(stages: Sequence[StageResult]) -> dict[str, dict[str, Any]]:
    """What was judged and judged with: {'suite': {name: {...}}, 'criteria': ..., 'data': ...}."""
    found: dict[str, dict[str, Any]] = {"suite": {}, "criteria": {}, "data": {}}
    for result in sorted(stages, key=lambda r: r.name):  # whoever builds it anew has no plan's order
        for judged in result.report.judged if result.report else ():
            found.setdefault(judged.kind, {})[judged.name] = {"sha256": judged.sha256, **judged.facts}
    return found


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """RFC 8785 canonical JSON: the same content is the same bytes."""
    import rfc8785

    return rfc8785.dumps(_safe(manifest))


def _safe(value: Any) -> Any:
    """What RFC 8785 cannot say: NaN and infinity become null, too large integers strings."""
    if isinstance(value, Mapping):
        return {_safe(str(k)): _safe(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(v) for v in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_too_large(value):
        return str(int(value))
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _is_too_large(value: float) -> bool:
    """An integer that is not exact. A float counts where its canonical form has no exponent (below 1e21):
    it would be read back as an integer."""
    return abs(value) > 2**53 - 1 and (isinstance(value, int) or (value.is_integer() and abs(value) < 1e21))


def digest(data: bytes) -> str:
    """sha256 of the canonical bytes, lower-case hex."""
    return hashlib.sha256(data).hexdigest()

"""Manifests as data, to be changed in one place and compared or exported."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from helpers.boms import run
from helpers.sample_runs import sha

from runner.manifest.build import build_manifest, canonical
from runner.manifest.read import ReadManifest, parse_manifest
from runner.report.record import RunRecord

LIMITS = {"metrics/roc_auc": {"min": 0.66}, "latency/p95": {"max": 20, "repeats": 200}}


def manifest_data(record: RunRecord | None = None) -> dict[str, Any]:
    """A manifest of a run that passed, with limits and a model that was judged."""
    record = record or run(intervals={"roc_auc": [0.688, 0.695]})
    built = build_manifest(record, {"model": sha("result")}, {"requirements.lock": sha("lock")})
    data: dict[str, Any] = json.loads(canonical(built))
    if criteria := data["judged"]["criteria"].get("criteria.yml"):
        criteria["limits"] = copy.deepcopy(LIMITS)
    return data


def as_manifest(data: dict[str, Any]) -> ReadManifest:
    """Data as it is read from a file."""
    return parse_manifest(canonical(data))


def write_manifest(folder: Path, data: dict[str, Any]) -> Path:
    """A run's folder with its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_bytes(canonical(data))
    return folder / "manifest.json"

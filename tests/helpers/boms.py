"""A run whose components cover every kind of BOM, and the published CycloneDX 1.6 schema."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from typing import Any

from helpers.sample_runs import passing, sha

from runner.config.schema import Solution
from runner.evidence.left import Left
from runner.manifest.build import build_manifest, canonical
from runner.manifest.schema import Manifest
from runner.model import Artifact, Check, Evidence, Judged, StageReport, StageResult, Status
from runner.report.record import RunRecord

LOCK = (
    "# made by pip-compile\n"
    "--only-binary :all:\n"
    f"Zope.Interface==7.2 \\\n    --hash=sha256:{'b' * 64} \\\n    --hash=sha256:{'a' * 64}\n"
    "    # via example\n"
    f"numpy==2.4.6+local.1 --hash=sha512:{'c' * 128}  # fast\n"
).encode()
MARKED = LOCK + f'tomli==2.0 ; python_version < "3.11" --hash=sha256:{"d" * 64}\n'.encode()
TRAINING = {
    "data_sha256": {"flights": sha("flights"), "weather": sha("weather")},
    "code_sha256": sha("code"),
    "parameters": {"max_iter": 100, "early_stopping": False, "random_state": 7},
    "versions": {"scikit-learn": "1.9.1"},
    "estimator": "sklearn.linear_model.LogisticRegression",
    "considerations": {"useCases": ["warn of late flights"], "ethicalConsiderations": "not copied"},
}
EVALUATED = {"rows": 82609, "label": "late", "features": ["hour", "carrier"]}


def solution(lock: str = "requirements.lock") -> Solution:
    """One component of each kind."""
    function = {"kind": "lambda-zip", "source": "src", "handler": "app.handler", "lock": lock}
    stage = {
        "kind": "model",
        "candidate": "model",
        "criteria": "criteria.yml",
        "evaluation": {"source": "evaluation.parquet", "label": "late", "features": ["hour", "carrier"]},
    }
    return Solution.model_validate(
        {
            "solution": "flights",
            "components": {
                "features": {**function, "lock": None},
                "predict": function,
                "train": {"kind": "image", "dockerfile": "Dockerfile"},
                "model": {"kind": "model", "path": "model.onnx", "record": "training.json"},
                "stack": {"kind": "stack", "template": "stack.yml"},
            },
            "stages": {"model": stage},
        }
    )


def artifacts(lock: bytes = LOCK) -> tuple[Artifact, ...]:
    """What was built of them."""
    locked = {"runtime": "python3.12", "lock_sha256": hashlib.sha256(lock).hexdigest(), "executed_on": "here"}
    return (
        Artifact("features", "lambda-zip", "f.zip", sha("f"), 9, "i", "2026.11.1", facts={"lock_sha256": ""}),
        Artifact("predict", "lambda-zip", "p.zip", sha("p"), 9, "i", "2026.11.2", facts=locked),
        Artifact("train", "image", "Dockerfile", sha("t"), 9, "i", facts={"built": False}),
        Artifact("model", "model", "m.onnx", sha("m"), 9, "i", facts={"record": TRAINING, "trained": True}),
        Artifact("stack", "stack", "s.yml", sha("s"), 9, "i", facts={"parameters": {"A": "${bucket}"}}),
    )


def judgement(slice_words: str = "0.6646", **facts: Any) -> StageResult:
    """The model stage's result: two metrics, three slices, one of them too small."""
    checks = (
        Check("metrics/roc_auc", Status.PASSED, measured="0.6917", limit=">= 0.67"),
        Check("slices/at night/roc_auc", Status.PASSED, measured="0.7", limit=">= 0.63"),
        Check(
            "slices/where hour >= 22/roc_auc", Status.PASSED, measured="1 of 1 slices judged", limit="some"
        ),
        Check("slices/origin=JFK/roc_auc", Status.PASSED, measured=slice_words, limit=">= 0.63"),
        Check("slices/origin=LGA/roc_auc", Status.SKIPPED, cause="5 rows, fewer than min_rows 100"),
        Check("slices/origin/roc_auc", Status.PASSED, measured="1 of 2 slices judged"),
    )
    judged = (
        Judged(
            "criteria",
            "criteria.yml",
            sha("criteria"),
            {"task": "binary-classification", "candidate": "model"},
        ),
        Judged("data", "evaluation.parquet", sha("evaluation"), EVALUATED),
    )
    told = {"metrics": {"roc_auc": 0.6917431068904877, "accuracy": 1}, "latency_ms": {"p95": 0.1}, **facts}
    report = StageReport(
        "run", "model", "model", Status.PASSED, tuple(c.id for c in checks), checks, 1.0,
        judged=judged, evidence=Evidence(facts=told),
    )  # fmt: skip
    return StageResult("model", "model", Status.PASSED, report=report)


def run(lock: bytes = LOCK, **facts: Any) -> RunRecord:
    """A run that built and judged them."""
    return replace(passing(), artifacts=artifacts(lock), results=(judgement(**facts),))


def left_of(record: RunRecord, *locks: bytes) -> Left:
    """What such a run leaves: its manifest as it is read back, its reports, the locks that were kept."""
    kept = {hashlib.sha256(lock).hexdigest(): lock for lock in locks}
    named = {"requirements.lock": next(iter(kept))} if kept else {}
    manifest = json.loads(canonical(build_manifest(record, {}, named)))
    reports = {result.name: result.report for result in record.results if result.report}
    return Left(Manifest.model_validate(manifest), reports, {}, kept)


def schema_problem(bom: dict[str, Any]) -> str:
    """What the published schema of CycloneDX 1.6 has against a document; '' if nothing."""
    return str(_validator().validate_str(json.dumps(bom)) or "")


@cache
def _validator() -> Any:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)

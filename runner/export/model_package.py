"""A manifest -> what SageMaker's model registry is told (pure): the package, its metrics, its limits.

Approval follows the verdict: what FAILED is Rejected, what PASSED waits for an approval, since approving
is a right of its own. What could not be judged is not registered.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.components.references import published
from runner.errors import RefusedError, UsageError
from runner.export.source import (
    artifacts_of,
    chosen,
    images_of,
    of_kind,
    require_complete,
    short_metadata,
)
from runner.manifest.read import ReadManifest
from runner.manifest.schema import Component, Manifest, Stage
from runner.model import Status
from runner.text import one_line

APPROVAL = {Status.PASSED: "PendingManualApproval", Status.FAILED: "Rejected"}
GROUP = r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}"
ADDRESS = re.compile(r"[^\s]{1,255}")
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
FAMILIES = {
    "binary-classification": "binary_classification",
    "multiclass-classification": "multiclass_classification",
    "regression": "regression",
}
NAMES = {
    "roc_auc": "auc",
    "average_precision": "au_prc",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
}
MAX_METADATA = 50


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the package's files go and what serves the model; `image` '' is the one that the run built."""

    bucket: str
    component: str = ""
    group: str = ""
    image: str = ""
    content_types: tuple[str, ...] = ("application/json",)
    response_types: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of the artifact bucket, named by its digest; `data` is None for the model itself."""

    key: str
    sha256: str
    size: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """What is put into the bucket, and the arguments of CreateModelPackage."""

    group: str
    bucket: str
    objects: tuple[Stored, ...]
    request: Mapping[str, Any]


def registration(manifest: ReadManifest, serving: Serving) -> Registration:
    """The package of a manifest's model.

    Raises RefusedError where the manifest is partial or could not tell, UsageError where the model, the
    image or the group is not named."""
    fields = manifest.fields
    require_complete(fields)
    if fields.verdict.status not in APPROVAL:
        raise RefusedError(f"its verdict is {fields.verdict.status}: {one_line(fields.verdict.reason)}")
    name = chosen(of_kind(fields, "model"), serving.component, "model")
    component, stage = fields.components[name], _judging(fields)
    item = published(fields.solution, artifacts_of(fields)[name], executed=False)
    model = Stored(item.key, component.sha256, component.size)
    metrics = _quality(fields, name, stage)
    group = _group(serving.group or f"{fields.solution}-{name}"[:63].rstrip("-"))
    request = {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description(manifest, component),
        "ModelApprovalStatus": APPROVAL[fields.verdict.status],
        "InferenceSpecification": _inference(fields, serving, model),
        "MetadataProperties": _generated(fields),
        "CustomerMetadataProperties": metadata(manifest, name),
        "ClientToken": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{group} {component.sha256} {manifest.sha256}")),
    }
    if metrics:
        sources = {kind: _source(serving.bucket, stored) for kind, stored in metrics.items()}
        request["ModelMetrics"] = {"ModelQuality": sources}
    return Registration(group, serving.bucket, (model, *metrics.values()), request)


def description(manifest: ReadManifest, component: Component) -> str:
    """One line by which a package is found again: it names the model and the manifest by digest."""
    return f"lockgate: model sha256:{component.sha256}, manifest sha256:{manifest.sha256}"


def metadata(manifest: ReadManifest, name: str) -> dict[str, str]:
    """What the registry shows beside a package: digests, version, run, verdict, training data."""
    fields = manifest.fields
    component = fields.components[name]
    told = {
        "lockgate:solution": fields.solution,
        "lockgate:component": name,
        "lockgate:version": component.version,
        "lockgate:model-sha256": component.sha256,
        "lockgate:manifest-sha256": manifest.sha256,
        "lockgate:run": fields.run_id,
        "lockgate:verdict": fields.verdict.status.value,
        "lockgate:commit": fields.source.commit,
    }
    record = component.facts.get("record")
    data = record.get("data_sha256") if isinstance(record, Mapping) else None
    tables = {"data": data} if isinstance(data, str) else data if isinstance(data, Mapping) else {}
    for table in sorted(tables)[: MAX_METADATA - len(told)]:
        if re.fullmatch(r"[A-Za-z0-9_.:/=+@ -]{1,100}", table):
            told[f"lockgate:data:{table}"] = str(tables[table])
    return short_metadata(told)


def _judging(manifest: Manifest) -> Stage | None:
    """The model stage; of several none, as it cannot be told which judged the model."""
    stages = [stage for stage in manifest.stages.values() if stage.kind == "model"]
    return stages[0] if len(stages) == 1 else None


def _group(name: str) -> str:
    if not re.fullmatch(GROUP, name):
        hint = "1 to 63 letters, digits and dashes"
        raise UsageError(f"{one_line(name, 80)!r} is no name of a model package group", hint=hint)
    return name


def _inference(manifest: Manifest, serving: Serving, model: Stored) -> dict[str, Any]:
    """The container that serves the model, and the model's file as it was judged: not packed anew."""
    image = serving.image or _built_image(manifest)
    if not ADDRESS.fullmatch(image):
        raise UsageError(f"{one_line(image, 80)!r} is no image", where="--image")
    place = {"S3Uri": _uri(serving.bucket, model), "S3DataType": "S3Object", "CompressionType": "None"}
    container = {"Image": image, "ModelDataSource": {"S3DataSource": place}}
    if "@sha256:" in image:
        container["ImageDigest"] = image.partition("@")[2]
    return {
        "Containers": [container],
        "SupportedContentTypes": list(serving.content_types),
        "SupportedResponseMIMETypes": list(serving.response_types),
    }


def _built_image(manifest: Manifest) -> str:
    """The serving container that the run itself built of a model."""
    images = images_of(manifest)
    built = [images[name] for name in of_kind(manifest, "model-image") if name in images]
    if len(built) != 1:
        hint = "--image REPOSITORY@sha256:..., or a component of kind model-image and a registry"
        raise UsageError("which container serves the model?", where="--image", hint=hint)
    return built[0]


def _generated(manifest: Manifest) -> dict[str, str]:
    told = {
        "GeneratedBy": f"lockgate {manifest.tools.get('lockgate', '')}, run {manifest.run_id}",
        "CommitId": manifest.source.commit,
    }
    return {name: one_line(value, 1_000) for name, value in told.items() if value}


def _quality(manifest: Manifest, name: str, stage: Stage | None) -> dict[str, Stored]:
    """Statistics (what was measured) and Constraints (what was required) of the model's quality, in the
    form of SageMaker's model monitor; none where there are none."""
    family = FAMILIES.get(_task(manifest))
    metrics = stage.facts.get("metrics") if stage else None
    if family is None or stage is None or not isinstance(metrics, Mapping):
        return {}
    parts = {
        "Statistics": (f"{family}_metrics", _values(metrics, stage.facts.get("standard_errors"))),
        "Constraints": (f"{family}_constraints", _constraints(manifest)),
    }
    prefix = f"{manifest.solution}/{name}/metrics"
    return {kind: _json(prefix, {key: told}) for kind, (key, told) in parts.items() if told}


def _values(metrics: Mapping[str, Any], errors: Any) -> dict[str, Any]:
    """Each metric with its standard error; where none is known, SageMaker's own text "NaN"."""
    known = errors if isinstance(errors, Mapping) else {}
    return {
        NAMES.get(name, name): {
            "value": value,
            "standard_deviation": known[name] if _is_number(known.get(name)) else "NaN",
        }
        for name, value in sorted(metrics.items())
        if _is_number(value)
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _task(manifest: Manifest) -> str:
    tasks = {str(entry.get("task", "")) for entry in manifest.judged.get("criteria", {}).values()}
    return tasks.pop() if len(tasks) == 1 else ""


def _constraints(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The criteria's absolute limits; the comparison is the one that breaks the constraint."""
    found = {}
    for entry in manifest.judged.get("criteria", {}).values():
        limits = entry.get("limits")
        for check, limit in sorted(limits.items()) if isinstance(limits, Mapping) else ():
            name = check.removeprefix("metrics/")
            if check.startswith("metrics/") and isinstance(limit, Mapping) and len(limit) == 1:
                ((side, threshold),) = limit.items()
                operator = {"min": "LessThanThreshold", "max": "GreaterThanThreshold"}.get(side)
                if operator and isinstance(threshold, int | float):
                    found[NAMES.get(name, name)] = {"threshold": threshold, "comparison_operator": operator}
    return found


def _json(prefix: str, document: Mapping[str, Any]) -> Stored:
    data = json.dumps({"version": 0.0, **document}, sort_keys=True).encode()
    digest = hashlib.sha256(data).hexdigest()
    return Stored(f"{prefix}/{digest}.json", digest, len(data), data)


def _source(bucket: str, stored: Stored) -> dict[str, str]:
    return {
        "ContentType": "application/json",
        "S3Uri": _uri(bucket, stored),
        "ContentDigest": f"sha256:{stored.sha256}",
    }


def _uri(bucket: str, stored: Stored) -> str:
    return f"s3://{bucket}/{stored.key}"

"""The `predict` function: a feature vector -> the probability that the flight arrives 15 minutes late.

The model is not in this archive. A published version names it by MODEL_URI (s3:// or file://) and
MODEL_SHA256, so a model is deployed and rolled back on its own, and one whose bytes are not the named
ones is never loaded.
"""

import hashlib
import json
import math
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import numpy as np
import onnxruntime


class Model(NamedTuple):
    """A verified model, its digest, and the names of its inputs in their order."""

    session: onnxruntime.InferenceSession
    sha256: str
    names: list[str]


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer {"probability", "model_sha256"} for the answer of `features`.

    Raises ValueError where the features are not the model's, RuntimeError where the model is not the
    one that MODEL_SHA256 names.
    """
    model = load(os.environ["MODEL_URI"], os.environ["MODEL_SHA256"])
    inputs = np.array([vector(event, model.names)], dtype=np.float32)
    _, probabilities = model.session.run(["label", "probabilities"], {"features": inputs})
    answer = {"probability": float(probabilities[0, 1]), "model_sha256": model.sha256}
    tell(tenth(answer["probability"]))
    return answer


def vector(event: dict[str, Any], names: list[str]) -> list[float]:
    """The event's features as the model wants them; null becomes NaN, which the model takes for missing."""
    if event.get("names") != names:
        raise ValueError(f"names: {event.get('names')!r} are not the model's: {names!r}")
    features = event.get("features")
    if not isinstance(features, list) or len(features) != len(names):
        raise ValueError(f"features: {features!r} is not a list of {len(names)}")
    return [_number(name, value) for name, value in zip(names, features, strict=True)]


@lru_cache(maxsize=1)
def load(uri: str, sha256: str) -> Model:
    """Fetch, verify and load the model; once in a container's life. A refusal is not remembered."""
    content = read(uri)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise RuntimeError(f"MODEL_SHA256: {uri} holds {found}, not {sha256}: refused")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one row at a time: threads would only cost
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return Model(session, sha256, json.loads(session.get_modelmeta().custom_metadata_map["features"]))


def read(uri: str) -> bytes:
    """The bytes at s3://bucket/key or file:///path."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).read_bytes()
    if parts.scheme != "s3":
        raise ValueError(f"MODEL_URI: {uri!r} is neither s3:// nor file://")
    import boto3  # the Lambda runtime's own; not needed for file://

    answer = boto3.client("s3").get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
    return answer["Body"].read()


def tell(label: str) -> None:
    """One line for CloudWatch: this version answered once, with this label. So a canary can compare how
    the answers of two versions are distributed (environments.prod.canary in lockgate.yml)."""
    by = ["Function", "Version", "Bin"]
    metrics = [{"Name": "Output", "Unit": "Count"}]
    directive = {"Namespace": "Lockgate", "Dimensions": [by], "Metrics": metrics}
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "Function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "none"),
        "Version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "none"),
        "Bin": label,
        "Output": 1,
    }
    print(json.dumps(line))


def tenth(probability: float) -> str:
    """A probability's bin: 0.37 -> "0.3"; what is none is "invalid"."""
    return f"0.{min(int(10 * probability), 9)}" if 0 <= probability <= 1 else "invalid"


def _number(name: str, value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"features.{name}: {value!r} is not a number")
    return float(value)


# At import, for which no request waits: of a new version's few requests many are a container's first.
if "MODEL_URI" in os.environ:
    load(os.environ["MODEL_URI"], os.environ["MODEL_SHA256"])

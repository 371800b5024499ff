"""What a SageMaker endpoint answered, as the model stage is handed it (runner/endpoints.py asked it)."""

from __future__ import annotations

import hashlib

from runner.judge.endpoint_model import EndpointModel, read_answers
from runner.judge.onnx_model import Unusable
from runner.judge.trial import Bench
from runner.model import Artifact
from runner.stages import StageJob

# Its name in a handover: no component can be called so.
HANDED = "@endpoint"


def silent_endpoint(why: str) -> Artifact:
    """There are no answers, and why."""
    return Artifact(HANDED, "endpoint", "", "", 0, "", facts={"built": False, "why": why})


def handed_answers(job: StageJob, bench: Bench) -> EndpointModel:
    """The answers to the bench's rows. Raises Unusable where there are none, or to another table's."""
    artifact = job.artifacts.get(HANDED)
    if artifact is None:
        raise Unusable("the endpoint's answers were not handed to the stage")
    if not artifact.facts.get("built", True):
        raise Unusable(str(artifact.facts.get("why", "")))
    if artifact.facts.get("evaluation") != bench.evaluation.sha256:
        raise Unusable("the endpoint was asked of another evaluation table")
    data = (job.root / artifact.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != artifact.sha256:
        raise Unusable("the endpoint's answers were changed after they were kept")
    return read_answers(data, bench.evaluation.matrix)

"""A SageMaker endpoint asked of the evaluation's rows, by the run and before the model stage begins.

The stage holds no credentials. What is answered is kept as a file, whose digest the manifest names.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.aws import Aws
from runner.adapters.files import sha256_file
from runner.config.schema import Endpoint, ModelStage
from runner.deploying import Asked, World, place_of
from runner.errors import LockgateError
from runner.judge.evaluation import read_evaluation
from runner.judge.onnx_model import Unusable
from runner.judge.reading import read_criteria
from runner.judge.served_model import ANSWER_BYTES, ServedModel
from runner.model import Artifact
from runner.stages.endpoint import HANDED, silent_endpoint
from runner.text import one_line

CSV = "text/csv"


def answers_of(root: Path, stage: ModelStage, out: Path, world: World, *, real: bool) -> Artifact | None:
    """What the stage's endpoint answers, as a file below `out`, or why it does not; None where it names
    none. A table or criteria that cannot be read are the stage's to tell."""
    if (endpoint := stage.endpoint) is None:
        return None
    try:
        place = place_of(Asked(root, endpoint.environment, real=real), world)
        criteria = read_criteria(root, stage.criteria)[0]
        table = read_evaluation(root, stage.evaluation, criteria.task, criteria.classes)
        answers = asked(place.aws, endpoint, table.matrix)
    except (LockgateError, Unusable, OSError) as error:
        return silent_endpoint(f"endpoint {endpoint.name} gives no answers: {one_line(str(error))}")
    return _kept(answers, out, {"endpoint": endpoint.name, "evaluation": table.sha256})


def asked(aws: Aws, endpoint: Endpoint, matrix: Any) -> Any:
    """The answers (n, k) float64 to the rows of a float32 matrix, as CSV there and back.

    Raises AwsError where it is not there or fails, Unusable where its answers are no numbers."""
    return ServedModel(endpoint.name, post=_Invoked(aws)).answers(matrix)


@dataclass(frozen=True, slots=True)
class _Invoked:
    """Posts a batch to the endpoint of a name."""

    aws: Aws

    def __call__(self, name: str, body: bytes) -> bytes:
        told = self.aws.call(
            "sagemaker-runtime", "invoke_endpoint", EndpointName=name, ContentType=CSV, Accept=CSV, Body=body
        )
        said = bytes(told["Body"].read(ANSWER_BYTES + 1))
        if len(said) > ANSWER_BYTES:
            raise Unusable(f"it answers more than {ANSWER_BYTES >> 20} MiB")
        return said


def _kept(answers: Any, out: Path, facts: dict[str, str]) -> Artifact:
    import numpy as np

    out.mkdir(parents=True, exist_ok=True)
    path = out / "endpoint.npy"
    np.save(path, answers, allow_pickle=False)
    size, told = path.stat().st_size, {**facts, "rows": len(answers)}
    return Artifact(HANDED, "endpoint", str(path), sha256_file(path), size, "", facts=told)

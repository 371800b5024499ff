"""The deployed stack, as its tests see it: its outputs, and ways to put it to work.

The endpoint, the region and the credentials come from the environment, as in any boto3 program.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

BATCH_SECONDS = 120
PAUSE = 0.1


@pytest.fixture(scope="session")
def outputs() -> dict[str, str]:
    """The stack's outputs."""
    return json.loads(os.environ["LOCKGATE_STACK_OUTPUTS"])


@pytest.fixture(scope="session")
def model_sha256() -> str:
    """The digest of the model that this stack is to serve."""
    context = json.loads(Path(os.environ["LOCKGATE_CONTEXT"]).read_text())
    return context["artifacts"]["model"]["sha256"]


@pytest.fixture(scope="session")
def flights() -> dict[str, Any]:
    """Events of single flights by name. Committed, not made by a training: these tests fit any model, one
    that a rollback brings back too. What a model must answer to the digit is in the golden rows."""
    files = sorted(Path("suites/unit/events/features").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


@pytest.fixture(scope="session")
def ask(invoke, outputs) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """ask(flight) -> what `predict` answers to what `features` answers."""

    def call(flight: dict[str, Any]) -> dict[str, Any]:
        features = invoke(outputs["FeaturesAliasArn"], flight)["answer"]
        return invoke(outputs["PredictAliasArn"], features)["answer"]

    return call


@pytest.fixture(scope="session")
def invoke() -> Callable[..., dict[str, Any]]:
    """invoke(function, event) -> {"answer", "error", "version"}: the decoded payload, the kind of
    function error or None, and the version that ran."""
    functions = boto3.client("lambda")

    def call(function: str, event: Any) -> dict[str, Any]:
        response = functions.invoke(FunctionName=function, Payload=json.dumps(event))
        return {
            "answer": json.loads(response["Payload"].read()),
            "error": response.get("FunctionError"),
            "version": response.get("ExecutedVersion"),
        }

    return call


@pytest.fixture(scope="session")
def batch(outputs: dict[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """batch(input) -> the ended execution, as DescribeExecution tells it."""
    machines = boto3.client("stepfunctions")

    def run(given: dict[str, Any]) -> dict[str, Any]:
        started = machines.start_execution(
            stateMachineArn=outputs["BatchStateMachineArn"], input=json.dumps(given)
        )
        deadline = time.monotonic() + BATCH_SECONDS
        while time.monotonic() < deadline:
            execution = machines.describe_execution(executionArn=started["executionArn"])
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(PAUSE)
        pytest.fail(f"the batch is still running after {BATCH_SECONDS} s")

    return run

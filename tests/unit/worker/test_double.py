"""The fake CodePipeline refuses what AWS refuses: else it would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.codepipeline import TOTAL, FakeCodePipeline
from helpers.worker import client

from runner.adapters.aws import AwsError

ACTION = {"category": "Test", "owner": "Custom", "provider": "Lockgate", "version": "1"}
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def call(service: FakeCodePipeline) -> Any:
    """Call the service through boto3; '' or the error's code."""

    def call(operation: str, **given: Any) -> str:
        try:
            client(service.url).call("codepipeline", operation, **given)
        except AwsError as error:
            return error.code or "refused by boto3"
        return ""

    return call


def in_progress(service: FakeCodePipeline, call: Any) -> str:
    job = service.add()
    call("poll_for_jobs", actionTypeId=ACTION, maxBatchSize=9)
    assert call("acknowledge_job", jobId=job.id, nonce=job.nonce) == ""
    return job.id


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"actionTypeId": ACTION | {"provider": "Other"}}, "ActionTypeNotFoundException"),
        ({"actionTypeId": ACTION | {"owner": "AWS"}}, "ValidationException"),
        ({"actionTypeId": ACTION | {"provider": "a b"}}, "ValidationException"),
        ({"actionTypeId": ACTION | {"version": "1234567890"}}, "ValidationException"),
        ({"actionTypeId": ACTION | {"category": "Tset"}}, "ValidationException"),
        ({"actionTypeId": ACTION, "queryParam": {"Team": "a b"}}, "ValidationException"),
        ({"actionTypeId": ACTION, "queryParam": {"A": "a", "B": "b"}}, "ValidationException"),
        ({"actionTypeId": ACTION}, ""),
    ],
)
def test_polls(call: Any, arguments: dict[str, Any], code: str) -> None:
    assert call("poll_for_jobs", **arguments) == code


def test_a_nonce_is_good_once_and_until_the_next_poll(service: FakeCodePipeline, call: Any) -> None:
    job = service.add()
    call("poll_for_jobs", actionTypeId=ACTION)
    old = job.nonce
    call("poll_for_jobs", actionTypeId=ACTION)
    assert call("acknowledge_job", jobId=job.id, nonce=old) == "InvalidNonceException"
    assert call("acknowledge_job", jobId=job.id, nonce=job.nonce) == ""
    assert call("acknowledge_job", jobId=job.id, nonce=job.nonce) == "InvalidNonceException"
    assert call("acknowledge_job", jobId=UNKNOWN, nonce=old) == "JobNotFoundException"
    assert call("acknowledge_job", jobId=job.id, nonce="n" * 51) == "ValidationException"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, ""),
        ({"outputVariables": {"LOCKGATE_X": "1"}}, ""),
        ({"outputVariables": {"a b": "1"}}, "ValidationException"),
        ({"outputVariables": {"A": "1"}, "continuationToken": "t"}, "ValidationException"),
        ({"outputVariables": {"A": "x" * TOTAL}}, "OutputVariablesSizeExceededException"),
        ({"executionDetails": {"summary": "x" * 2049}}, "ValidationException"),
        ({"executionDetails": {"externalExecutionId": "x" * 1501}}, "ValidationException"),
        ({"executionDetails": {"percentComplete": 101}}, "ValidationException"),
        ({"continuationToken": "t" * 2049}, "ValidationException"),
    ],
)
def test_successes(service: FakeCodePipeline, call: Any, arguments: dict[str, Any], code: str) -> None:
    job_id = in_progress(service, call)
    assert call("put_job_success_result", jobId=job_id, **arguments) == code
    assert service.jobs[job_id].status == ("InProgress" if code else "Succeeded")


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"type": "JobFailed", "message": "m"}, ""),
        ({"type": "Failed", "message": "m"}, "ValidationException"),
        ({"type": "JobFailed", "message": "m" * 5001}, "ValidationException"),
        ({"type": "JobFailed", "message": ""}, "refused by boto3"),
    ],
)
def test_failures(service: FakeCodePipeline, call: Any, details: dict[str, str], code: str) -> None:
    job_id = in_progress(service, call)
    assert call("put_job_failure_result", jobId=job_id, failureDetails=details) == code


def test_a_result_is_taken_once_and_only_in_progress(service: FakeCodePipeline, call: Any) -> None:
    assert call("put_job_success_result", jobId=service.add().id) == "InvalidJobStateException"
    job_id = in_progress(service, call)
    assert call("put_job_success_result", jobId=job_id) == ""
    assert call("put_job_success_result", jobId=job_id) == "InvalidJobStateException"
    failed = {"type": "JobFailed", "message": "m"}
    assert call("put_job_failure_result", jobId=job_id, failureDetails=failed) == "InvalidJobStateException"
    assert call("put_job_success_result", jobId=UNKNOWN) == "JobNotFoundException"


def test_a_continuation_token_ends_the_job_and_makes_a_new_one_with_it(
    service: FakeCodePipeline, call: Any
) -> None:
    job = service.jobs[in_progress(service, call)]
    assert call("put_job_success_result", jobId=job.id, continuationToken="run-7") == ""
    assert job.status == "Succeeded"
    told = client(service.url).call("codepipeline", "poll_for_jobs", actionTypeId=ACTION)
    (new,) = told["jobs"]
    assert new["id"] == job.successor != job.id and new["data"]["continuationToken"] == "run-7"


def test_details_come_with_new_credentials(service: FakeCodePipeline, call: Any) -> None:
    job_id = in_progress(service, call)
    aws = client(service.url)
    keys = {
        aws.call("codepipeline", "get_job_details", jobId=job_id)["jobDetails"]["data"][
            "artifactCredentials"
        ]["accessKeyId"]
        for _ in range(2)
    }
    assert len(keys) == 2

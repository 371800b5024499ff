"""What a run's child process is given (that it is ended: tests/integration/test_worker.py)."""

from __future__ import annotations

from runner.worker.child import ChildRuns

WORKER = {
    "PATH": "/usr/bin",
    "AWS_ACCESS_KEY_ID": "AKIAWORKER",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x",
    "LOCKGATE_COMMIT": "of-the-worker",
    "LOCKGATE_CODEPIPELINE_URL": "http://127.0.0.1:1",
    "LOCKGATE_TEST_ROLE": "arn:aws:iam::1:role/t",
    "LOCKGATE_AWS": "1",
    "LOCKGATE_HOME": "/home/of/the/job/before",
    "GITHUB_TOKEN": "secret",
}


def test_a_run_in_the_sandbox_gets_no_aws_of_the_workers() -> None:
    env = ChildRuns(False, "http://127.0.0.1:4566").env("c" * 40, WORKER)
    assert not [name for name in env if name.startswith("AWS_") and "WORKER" in env[name]]
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" not in env and "LOCKGATE_AWS" not in env
    assert env["LOCKGATE_SANDBOX_URL"] == "http://127.0.0.1:4566" and env["LOCKGATE_COMMIT"] == "c" * 40
    assert env["AWS_EC2_METADATA_DISABLED"] == "true"


def test_a_run_in_a_real_aws_finds_it_as_the_worker_does() -> None:
    env = ChildRuns(True).env("", WORKER)
    assert env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] == "/v2/credentials/x"
    assert "AWS_EC2_METADATA_DISABLED" not in env and "LOCKGATE_SANDBOX_URL" not in env
    assert env["LOCKGATE_TEST_ROLE"] == "arn:aws:iam::1:role/t"


def test_nothing_of_the_job_before_or_the_workers_secrets() -> None:
    env = ChildRuns(True).env("", WORKER)
    assert "LOCKGATE_COMMIT" not in env and "LOCKGATE_HOME" not in env and "GITHUB_TOKEN" not in env
    assert "LOCKGATE_CODEPIPELINE_URL" not in env

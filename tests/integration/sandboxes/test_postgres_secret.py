"""A database whose credentials lie in Secrets Manager: fetched from the sandbox's, used over TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from helpers.judging import data_job
from helpers.postgres import PASSWORD, USER, Server, is_missing, server

from runner.adapters.aws import Aws, sandbox_target
from runner.config.data import DataStage
from runner.model import StageReport, Status
from runner.sandbox.process import Sandbox
from runner.stages.data import run

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(is_missing(), reason="Debian's package postgresql is not installed"),
]
ROWS = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}]


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server(tls=True) as found:
        found.run("CREATE TABLE few AS SELECT generate_series(1, 3) AS n")
        yield found


def judged(root: Path, sandbox: Sandbox, secret: str) -> StageReport:
    (root / "s.json").write_text(json.dumps({"name": "s", "expectations": ROWS}))
    told = {
        "kind": "data",
        "connections": {"warehouse": {"kind": "postgresql", "secret": secret}},
        "tables": {"t": {"source": "warehouse:few", "suite": "s.json"}},
    }
    job = data_job(root, t={"source": "t.parquet", "suite": "s.json"})
    return run(replace(job, stage=DataStage.model_validate(told), aws=sandbox_target(sandbox.url).env()))


def test_a_secrets_credentials_are_used_over_tls(database: Server, sandbox: Sandbox, tmp_path: Path) -> None:
    with psycopg.connect(database.url() + "?sslmode=require") as connection:
        assert connection.pgconn.ssl_in_use
    told = {"username": USER, "password": PASSWORD, "host": "127.0.0.1", "port": database.port}
    aws = Aws(sandbox_target(sandbox.url))
    made = aws.call("secretsmanager", "create_secret", Name="few", SecretString=json.dumps(told))
    assert judged(tmp_path, sandbox, str(made["ARN"])).status is Status.PASSED


def test_a_secret_that_is_not_there_is_an_error(database: Server, sandbox: Sandbox, tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:nope-AbCdEf"
    report = judged(tmp_path, sandbox, arn)
    assert report.status is Status.ERROR
    assert "secretsmanager:get_secret_value" in report.checks[0].cause

"""Tables in a bucket of the sandbox: listed by pages, fetched, judged, and looked at again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.judging import data_job

from runner.adapters.aws import Aws, sandbox_target
from runner.errors import InfrastructureError
from runner.model import StageReport, Status
from runner.sources.buckets import Buckets
from runner.sources.remote import in_s3
from runner.stages.data import run
from runner.stages.tables.engine import Answers

pytestmark = pytest.mark.integration
ASKED = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 8}}


def nobody(*asked: object) -> Answers:
    raise AssertionError("asked of Great Expectations")


@pytest.fixture(scope="module")
def aws(sandbox: Any) -> Aws:
    found = Aws(sandbox_target(sandbox.url))
    found.ensure_bucket("lake")
    return found


@pytest.fixture
def trips(aws: Aws, tmp_path: Path) -> str:
    """A table of two partitions and what Spark leaves beside them; its source."""
    for month in (1, 2):
        pq.write_table(pa.table({"n": [month * 3 + n for n in range(3)]}), tmp_path / "part.parquet")
        aws.upload(tmp_path / "part.parquet", "lake", f"{tmp_path.name}/month={month}/part 0.parquet")
    (tmp_path / "_SUCCESS").write_bytes(b"")
    aws.upload(tmp_path / "_SUCCESS", "lake", f"{tmp_path.name}/_SUCCESS")
    return f"s3://lake/{tmp_path.name}/"


def judged(root: Path, source: str, sandbox: Any, **asked: Any) -> StageReport:
    (root / "s.json").write_text(json.dumps({"name": "s", "expectations": [ASKED]}))
    job = data_job(root, t={"source": source, "suite": "s.json"}, **asked)
    return run(replace(job, aws=sandbox_target(sandbox.url).env()), engine=nobody)


def test_a_prefix_is_a_table_with_its_partitions(trips: str, sandbox: Any, tmp_path: Path) -> None:
    report = judged(tmp_path, trips, sandbox)
    assert report.status is Status.PASSED and report.checks[0].measured == "6 rows x 2 columns"
    assert list(report.judged[0].facts["columns"]) == ["n", "month"]
    assert judged(tmp_path, f"{trips}month=2/*.parquet", sandbox).checks[0].measured == "3 rows x 1 columns"
    one = judged(tmp_path, f"{trips}month=2/part 0.parquet", sandbox)
    assert one.status is Status.PASSED and len(one.judged[0].sha256) == 64


def test_what_is_not_there_is_an_error(trips: str, sandbox: Any, tmp_path: Path) -> None:
    for source, cause in {
        f"{trips}none/": "there are no files",
        f"{trips}none.parquet": "there is no such object",
        "s3://no-such-bucket-of-ours/t/": "bucket",
    }.items():
        report = judged(tmp_path, source, sandbox)
        assert report.status is Status.ERROR and cause in report.checks[0].cause


def test_more_objects_than_a_page_holds_are_all_listed(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"a\n")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: aws.upload(tmp_path / "empty", "lake", f"many/{n}.csv"), range(1_005)))
    assert len(in_s3(Buckets(lambda: aws), "s3://lake/many/").items()) == 1_005


def test_an_object_that_was_written_over_is_another(trips: str, aws: Aws, tmp_path: Path) -> None:
    place = in_s3(Buckets(lambda: aws), trips)
    before = place.items()
    pq.write_table(pa.table({"n": [7, 8, 9]}), tmp_path / "part.parquet")
    aws.upload(tmp_path / "part.parquet", "lake", f"{tmp_path.name}/month=1/part 0.parquet")
    changed = [new.name for old, new in zip(before, place.items(), strict=True) if old != new]
    assert changed == ["month=1/part 0.parquet"]
    aws.call("s3", "delete_object", Bucket="lake", Key=f"{tmp_path.name}/month=1/part 0.parquet")
    with pytest.raises(InfrastructureError, match=r"Not Found|no such"):
        place.brought(before, tmp_path)

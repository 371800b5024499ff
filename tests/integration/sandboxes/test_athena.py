"""Athena and the Glue catalogue in a real (local) sandbox: the same verdict as from the files themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.judging import checks_of, data_job
from helpers.loaded import alike

from runner.adapters.aws import Aws, sandbox_target
from runner.config.data import Athena, DataStage
from runner.errors import InfrastructureError
from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import answers
from runner.model import Status
from runner.sandbox.process import Sandbox
from runner.sources.athena import AthenaTable, Queries, dialect_of
from runner.sources.cost import Limits
from runner.stages import StageJob
from runner.stages.data import run
from runner.stages.tables.answering import planned
from runner.stages.tables.suite import Expectation, Suite

pytestmark = pytest.mark.integration
BUCKET = "lake-of-tests"
ROWS = {
    "id": pa.array([1, 2, 3, 4, 4, None], pa.int64()),
    "dep": pa.array([1.5, -2.0, float("nan"), float("inf"), 0.0, None]),
    "carrier": pa.array(["UA", "it's", "é", "", "UA ", None]),
    "late": pa.array([True, False, None, True, True, False]),
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("expect_table_row_count_to_equal", {"value": 6}),
    ("expect_column_values_to_not_be_null", {"column": "dep"}),
    ("expect_column_values_to_be_between", {"column": "dep", "min_value": -1, "mostly": 0.5}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_column_values_to_be_unique", {"column": "carrier"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["id", "carrier"]}),
    ("expect_column_values_to_be_in_set", {"column": "carrier", "value_set": ["UA", "it's", "é"]}),
    ("expect_column_values_to_match_regex", {"column": "carrier", "regex": r"^[A-Z]{2}$"}),
    ("expect_column_values_to_match_regex", {"column": "carrier", "regex": r"\d|'|é"}),
    ("expect_column_value_lengths_to_be_between", {"column": "carrier", "min_value": 1, "max_value": 3}),
    ("expect_column_mean_to_be_between", {"column": "id", "min_value": 2.75, "max_value": 2.85}),
    ("expect_column_stdev_to_be_between", {"column": "id", "min_value": 0, "max_value": 9}),
    ("expect_column_sum_to_be_between", {"column": "id", "min_value": 14, "max_value": 14}),
    ("expect_column_max_to_be_between", {"column": "dep", "min_value": 0}),
    ("expect_column_median_to_be_between", {"column": "id", "min_value": 3, "max_value": 3}),
    ("expect_column_quantile_values_to_be_between",
     {"column": "id", "quantile_ranges": {"quantiles": [0.1, 0.9], "value_ranges": [[1, 2], [3, 4]]}}),
    ("expect_column_distinct_values_to_contain_set", {"column": "carrier", "value_set": ["UA", "XX"]}),
    ("expect_column_values_to_be_in_set", {"column": "late", "value_set": [True]}),
    ("expect_column_values_to_be_between",
     {"column": "id", "max_value": 3, "row_condition": 'carrier == "UA"', "condition_parser": "pandas"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Aws, Path]]:
    """A Parquet table, a CSV table and a partitioned one, in S3 and the catalogue; and the rows at hand."""
    aws, path = Aws(sandbox_target(sandbox.url)), tmp_path_factory.mktemp("lake") / "flights.parquet"
    pq.write_table(pa.table(ROWS), path)
    aws.ensure_bucket(BUCKET)
    aws.call("glue", "create_database", DatabaseInput={"Name": "lake"})
    columns = [("id", "bigint"), ("dep", "double"), ("carrier", "string"), ("late", "boolean")]
    aws.upload(path, BUCKET, "flights/part-0.parquet")
    catalogued(aws, "flights", columns, "parquet.serde.ParquetHiveSerDe")
    aws.call("s3", "put_object", Bucket=BUCKET, Key="ports/ports.csv", Body=b"code,n\nLGA,1\nJFK,2\n")
    catalogued(aws, "ports", [("code", "string"), ("n", "int")], "serde2.OpenCSVSerde", header=True)
    for month in (1, 2):
        aws.upload(path, BUCKET, f"months/month={month}/part-0.parquet")
    catalogued(aws, "months", columns, "parquet.serde.ParquetHiveSerDe", [("month", "int")])
    for month in (1, 2):
        described = {"Location": f"s3://{BUCKET}/months/month={month}"}
        part = {"Values": [str(month)], "StorageDescriptor": described}
        aws.call("glue", "create_partition", DatabaseName="lake", TableName="months", PartitionInput=part)
    yield aws, path


def catalogued(
    aws: Aws, name: str, columns: list[Any], serde: str, keys: list[Any] | None = None, header: bool = False
) -> None:
    listed = [{"Name": column, "Type": type} for column, type in columns]
    described = {
        "Columns": listed,
        "Location": f"s3://{BUCKET}/{name}/",
        "SerdeInfo": {"SerializationLibrary": f"org.apache.hadoop.hive.{serde}"},
    }
    made = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": described,
        "PartitionKeys": [{"Name": key, "Type": type} for key, type in keys or []],
        "Parameters": {"skip.header.line.count": "1"} if header else {},
    }
    aws.call("glue", "create_table", DatabaseName="lake", TableInput=made)


def table(aws: Aws, name: str = "flights", limits: Limits = Limits(None, 1000), **fields: Any) -> AthenaTable:  # noqa: B008
    config = Athena(kind="athena", database="lake", output=f"s3://{BUCKET}/results/", **fields)
    return AthenaTable(Queries(aws, config, "lake", name, dialect_of(True)), name, name, limits)


def suite() -> Suite:
    listed = (Expectation(str(n), t, k, {"type": t, "kwargs": k}) for n, (t, k) in enumerate(KINDS))
    return Suite("s", "s.json", "", {}, tuple(listed))


def test_athena_answers_what_duckdb_answers(lake: tuple[Aws, Path]) -> None:
    aws, path = lake
    flights = table(aws)
    columns = flights.columns()
    assert not isinstance(columns, Uncompiled)
    there = answers(planned(suite(), columns), flights.asked())
    here = answers(planned(suite(), columns_of(path)), DuckTable.of(path))
    assert len(there) == len(KINDS)
    unlike = {id: (KINDS[int(id)], there[id], here[id]) for id in there if not alike(there[id], here[id])}
    assert not unlike
    assert flights.facts()["bytes_scanned"] > 0


def test_its_frame_is_the_files_frame(lake: tuple[Aws, Path]) -> None:
    import pandas as pd

    pd.testing.assert_frame_equal(table(lake[0]).frame(), pd.read_parquet(lake[1]))


def test_its_size_is_known_before_it_is_scanned(lake: tuple[Aws, Path]) -> None:
    aws, path = lake
    assert table(aws).size() == path.stat().st_size
    assert table(aws, "months").size() == 2 * path.stat().st_size
    small = table(aws, limits=Limits(10, 1000))
    with pytest.raises(InfrastructureError, match="more than most_bytes allows"):
        small.asked()
    assert small.queries.scanned == 0


def test_an_object_that_is_added_changes_the_digest(lake: tuple[Aws, Path]) -> None:
    aws = lake[0]
    before = table(aws, "ports").digest()
    assert table(aws, "ports").digest() == before
    aws.call("s3", "put_object", Bucket=BUCKET, Key="ports/more.csv", Body=b"code,n\nEWR,3\n")
    assert table(aws, "ports").digest() != before
    aws.call("s3", "delete_object", Bucket=BUCKET, Key="ports/more.csv")


def test_what_fails_there_is_told(lake: tuple[Aws, Path]) -> None:
    with pytest.raises(InfrastructureError, match="no such table"):
        table(lake[0], "nope").columns()
    broken = table(lake[0])
    with pytest.raises(InfrastructureError, match="a query failed: Binder Error"):
        broken.queries.select("SELECT nope FROM flights")
    with pytest.raises(InfrastructureError, match="a query failed"):
        broken.asked().count()


def job(root: Path, sandbox: Sandbox, kind: str, source: str, expectations: list[Any]) -> StageJob:
    from dataclasses import replace

    (root / "s.json").write_text(json.dumps({"name": "s", "expectations": expectations}))
    connection = {"kind": kind, "database": "lake"}
    connection |= {"output": f"s3://{BUCKET}/results/"} if kind == "athena" else {}
    tables = {"t": {"source": source, "suite": "s.json"}}
    told = {"kind": "data", "tables": tables, "connections": {"lake": connection}}
    made = data_job(root, t={"source": "t.parquet", "suite": "s.json"})
    return replace(
        made, stage=DataStage.model_validate(told), aws=sandbox_target(sandbox.url).env(), is_sandbox=True
    )


@pytest.mark.parametrize(("kind", "name"), [("athena", "lake:months"), ("glue", "lake:lake.months")])
def test_a_stage_judges_a_partitioned_table(
    lake: tuple[Aws, Path], sandbox: Sandbox, tmp_path: Path, kind: str, name: str
) -> None:
    asked = [
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 12}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "month", "value_set": [1, 2]}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
        {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "carrier"}},
    ]
    report = run(job(tmp_path, sandbox, kind, name, asked))
    statuses = [check.status for check in checks_of(report).values()]
    assert statuses == [Status.PASSED, Status.PASSED, Status.PASSED, Status.FAILED, Status.FAILED], (
        report.checks
    )
    facts = report.judged[0].facts
    assert facts["rows"] == 12
    assert (facts["bytes_scanned"] > 0) if kind == "athena" else facts["source"] == name


def test_a_csv_of_the_catalogue_is_read_as_a_file(
    lake: tuple[Aws, Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "code", "value_set": ["LGA", "JFK"]},
        }
    ]
    assert run(job(tmp_path, sandbox, "glue", "lake:ports", asked)).status is Status.PASSED


def test_a_name_that_is_not_there_is_an_error(
    lake: tuple[Aws, Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    asked = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 12}}]
    report = run(job(tmp_path, sandbox, "glue", "lake:nope", asked))
    assert report.status is Status.ERROR
    assert "no such table" in report.checks[0].cause

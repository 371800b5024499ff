"""What is asked of Spark and made of its words, without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.config.data import Glue, PostgreSql, TableSource
from runner.errors import InfrastructureError, UsageError
from runner.sources.opening import Places
from runner.stages.tables.engine import Answers
from runner.stages.tables.spark import SparkTable, in_words, opened, without_nan
from runner.stages.tables.spark_files import Stored, digest_of, format_of, place_of
from runner.stages.tables.spark_session import require
from runner.stages.tables.spark_words import cause_of

FOOTER = """An error occurred while calling o61.load.
: org.apache.spark.SparkException: [FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER] Encountered error while reading.
Please ensure that the file is in either ORC or Parquet format. SQLSTATE: KD001
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.cannotReadFooter(QueryExecutionErrors.scala:1)
\tSuppressed: org.apache.spark.SparkException: Exception thrown in awaitResult
Caused by: java.lang.RuntimeException: file:/home/me/it/t.parquet is not a Parquet file. Expected magic number
\tat org.apache.parquet.hadoop.ParquetFileReader.readFooter(ParquetFileReader.java:1)
\t... 17 more
"""
ABORTED = (
    "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, "
    "most recent failure: Lost task 0.3 in stage 3.0 (TID 7) (10.0.0.1 executor 2): "
    "java.io.FileNotFoundException: No such file or directory: s3a://b/k\n\tat a.b.C.d(C.java:1)\n"
)
WORKER = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "/home/me/pyspark/worker.py", line 4207, in invoke_udf
    func, profiler, deserializer, serializer = read_udfs(
ValueError: no such day
"""


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (FOOTER, "t.parquet is not a Parquet file. Expected magic number"),
        (ABORTED, "No such file or directory: s3a://b/k"),
        ("Error: The column x does not exist.", "Error: The column x does not exist."),
        (WORKER, "ValueError: no such day"),
        (ValueError("plain"), "plain"),
        (ValueError(), "ValueError"),
        ("java.lang.OutOfMemoryError", "java.lang.OutOfMemoryError"),
    ],
    ids=["caused by", "aborted", "message", "worker", "exception", "empty", "class"],
)  # fmt: skip
def test_a_stack_trace_is_cut_to_its_cause(said: Any, cause: str) -> None:
    assert cause_of(said) == cause


def test_what_spark_complains_of_is_cut_in_every_result() -> None:
    info = {"metric": {"raised_exception": True, "exception_message": FOOTER, "exception_traceback": "kept"}}
    result = {"success": False, "exception_info": info}
    told = in_words(Answers({"id": result}, {}, {"other": FOOTER}, {"results": [result], "meta": {}}))
    for cut in (told.results["id"], told.document["results"][0]):
        assert cut["exception_info"]["metric"]["exception_message"].startswith("t.parquet is not")
        assert cut["exception_info"]["metric"]["exception_traceback"] == "kept"
    assert told.errors["other"].startswith("t.parquet is not")


def hadoop(**settings: str) -> Any:
    """A session that knows Hadoop's settings alone."""
    context = SimpleNamespace(_jsc=SimpleNamespace(hadoopConfiguration=lambda: settings))
    return SimpleNamespace(sparkContext=context)


def test_places_are_written_as_spark_reads_them(tmp_path: Path) -> None:
    plain, emr = hadoop(), hadoop(**{"fs.s3.impl": "com.amazon.ws.emr.hadoop.fs.EmrFileSystem"})
    assert place_of(plain, tmp_path, "a/t.parquet").uri == f"file:{tmp_path}/a/t.parquet"
    assert place_of(plain, tmp_path, "a/t.parquet").base == ""
    assert place_of(plain, tmp_path, "a/year=*/t.parquet").base == f"file:{tmp_path}/a"
    assert place_of(plain, tmp_path, "s3://b/t").uri == "s3a://b/t"
    assert place_of(emr, tmp_path, "s3://b/t").uri == "s3://b/t"
    assert place_of(plain, tmp_path, "s3://b/y=*/t.csv").base == "s3a://b"


@pytest.mark.parametrize(
    "source", ["../t.parquet", "a/*/../../../x", "/etc/passwd", "hdfs://name/t", "link/t.csv"]
)
def test_a_place_outside_of_the_solution_is_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(UsageError):
        place_of(hadoop(), tmp_path, source)


def test_files_have_one_format() -> None:
    def named(*names: str) -> str:
        return format_of([Stored(f"s3a://b/{name}", 1, 1) for name in names], "t")

    assert named("a.parquet", "b.parquet") == "parquet" and named("a.jsonl") == "json"
    with pytest.raises(InfrastructureError, match=r"several formats: \.csv, \.parquet"):
        named("a.csv", "b.parquet")
    with pytest.raises(UsageError, match=r"not '\.xlsx'"):
        named("a.xlsx")


def test_a_digest_is_of_bytes_here_and_of_the_listing_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    here = Stored(f"file:{tmp_path}/a b.csv", 1, 5)
    assert digest_of([here]) == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert digest_of([here]) == digest_of([Stored(here.uri, 1, 6)])
    there = Stored("s3a://b/k", 1, 5)
    assert digest_of([there]) != digest_of([Stored("s3a://b/k", 1, 6)]) != digest_of([there, there])


class Frame:
    """A frame of `files` files; what it is asked, in order."""

    def __init__(self, files: int, floats: bool = False) -> None:
        self.files, self.floats, self.calls = files, floats, list[str]()

    @property
    def dtypes(self) -> list[tuple[str, str]]:
        return [("n", "bigint"), ("a`b", "double"), ("f", "float")] if self.floats else [("n", "bigint")]

    @property
    def columns(self) -> list[str]:
        return [name for name, _ in self.dtypes]

    def selectExpr(self, *chosen: str) -> Frame:
        self.calls += chosen
        return self

    def inputFiles(self) -> list[str]:
        return ["f"] * self.files

    def persist(self) -> Frame:
        self.calls.append("persist")
        return self

    def count(self) -> int:
        self.calls.append("count")
        return 1


def test_a_table_is_read_to_its_end_before_anything_is_asked() -> None:
    frame = Frame(2)
    table = SparkTable(None, "t", lambda: frame, lambda: [Stored("s3a://a", 1, 1), Stored("s3a://b", 2, 1)])
    assert table.kept() is frame and frame.calls == ["persist", "count"]
    assert table.size() == 3 and str(table.columns()) == "asked of Great Expectations on Spark"


def test_files_that_spark_leaves_out_are_told() -> None:
    table = SparkTable(
        None, "t", lambda: Frame(1), lambda: [Stored("s3a://a", 1, 1), Stored("s3a://b", 2, 1)]
    )
    with pytest.raises(InfrastructureError, match="t: Spark reads 1 of its 2 files"):
        table.kept()


def test_nan_is_null() -> None:
    frame = Frame(1, floats=True)
    assert without_nan(frame) is frame
    assert frame.calls == [
        "`n`",
        "nanvl(`a``b`, cast(null as double)) as `a``b`",
        "nanvl(`f`, cast(null as float)) as `f`",
    ]


def raising(error: Exception) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


def test_what_spark_raises_is_an_error_of_the_table() -> None:
    table = SparkTable(None, "t", raising(RuntimeError(FOOTER)), raising(RuntimeError(ABORTED)))
    with pytest.raises(InfrastructureError, match=r"t: cannot be read: t\.parquet is not"):
        table.kept()
    with pytest.raises(InfrastructureError, match="No such file or directory: s3a"):
        table.digest()
    gone = SparkTable(None, "t", raising(ConnectionRefusedError(111)), list)
    with pytest.raises(InfrastructureError, match="t: Spark ended before it answered"):
        gone.kept()
    with pytest.raises(InfrastructureError, match="nothing but its suite"):
        table.frame()


def test_a_glue_table_is_named_as_spark_quotes_it_and_databases_are_refused(tmp_path: Path) -> None:
    asked: list[str] = []
    session = SimpleNamespace(table=asked.append)
    connections = {
        "lake": Glue(kind="glue", database="d`b"), "pg": PostgreSql(kind="postgresql", url_from="URL")
    }  # fmt: skip
    places = Places(tmp_path, tmp_path, lambda uri, path: None, connections)
    opened(session, "t", TableSource(source="lake:trips", suite="s.json"), places).read()
    opened(session, "t", TableSource(source='lake:other."odd.name"', suite="s.json"), places).read()
    assert asked == ["`d``b`.`trips`", "`other`.`odd.name`"]
    with pytest.raises(InfrastructureError, match="Spark does not read postgresql"):
        opened(session, "t", TableSource(source="pg:trips", suite="s.json"), places)


def test_where_pyspark_is_missing_it_is_said_what_to_install() -> None:
    with pytest.raises(UsageError, match="pyspark is not installed") as error:
        require({})
    assert "lockgate[spark]" in error.value.hint

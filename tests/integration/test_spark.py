"""Data stages on a real Spark: pyspark in local mode, in an environment of its own (make spark)."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.spark_env import spark_python
from helpers.whole_runs import newest_run

pytestmark = pytest.mark.integration

APPLICATION = Path(__file__).parents[1] / "helpers" / "spark_platform.py"
ROWS = 1_000
NULLS, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
UNIQUE, COUNT = "expect_column_values_to_be_unique", "expect_table_row_count_to_equal"
WHERE = {"row_condition": 'col("id") > 500', "condition_parser": "great_expectations"}
# Counted alike by every engine; Spark numbers no rows.
COUNTS = ("element_count", "missing_count", "unexpected_count", "unexpected_percent", "observed_value")


def e(type: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs}


SUITES: Mapping[str, list[dict[str, Any]]] = {
    "plain": [
        e(NULLS, column="id"),
        e(NULLS, column="v"),
        e(NULLS, column="v", mostly=0.99),
        e(BETWEEN, column="v", min_value=0, max_value=100),
        e(BETWEEN, column="v", max_value=40, **WHERE),
        e(UNIQUE, column="id"),
        e(IN_SET, column="s", value_set=["north", "south"]),
        e("expect_column_mean_to_be_between", column="v", min_value=0, max_value=100),
        e("expect_column_max_to_be_between", column="v", max_value=100),
        e("expect_column_unique_value_count_to_be_between", column="s", max_value=2),
        e("expect_column_values_to_match_regex", column="s", regex="^[a-z]+$"),
        e("expect_column_values_to_match_strftime_format", column="day", strftime_format="%Y-%m-%d"),
        e("expect_column_values_to_be_json_parseable", column="s"),
        e(NULLS, column="nan"),
        e(BETWEEN, column="nan", max_value=500),
        e("expect_column_mean_to_be_between", column="nan", max_value=600),
        e("expect_compound_columns_to_be_unique", column_list=["id", "s"]),
        e(COUNT, value=ROWS),
    ],
    "years": [e(IN_SET, column="year", value_set=[2020, 2021]), e(COUNT, value=6)],
    "text": [e(NULLS, column="b"), e(COUNT, value=3)],
    "lines": [e(NULLS, column="a"), e(COUNT, value=2)],
    "any": [e("expect_table_row_count_to_be_between", min_value=1)],
    "odd": [
        e(NULLS, column="gone"),
        e("expect_column_values_to_be_increasing", column="id"),
        e("expect_column_mean_to_be_between", column="s", min_value=0),
    ],
}  # fmt: skip
TABLES = {
    "plain": ("plain.parquet", "plain"),
    "years": ("years", "years"),
    "glob": ("years/year=*/a.parquet", "years"),
    "text": ("with space %20/text.csv", "text"),
    "lines": ("lines.jsonl", "lines"),
    "odd": ("plain.parquet", "odd"),
    "ragged": ("ragged.csv", "any"),
    "latin": ("latin.csv", "any"),
    "cut": ("cut.parquet", "any"),
    "damaged": ("damaged.parquet", "any"),
    "nested": ("nested", "any"),
    "gone": ("gone.parquet", "any"),
    "delta": ("delta", "any"),
}
UNREADABLE = {
    "ragged": "ragged.csv: cannot be read: [MALFORMED_CSV_RECORD] Malformed CSV record: 2",
    "latin": "latin.csv: cannot be read: it is not UTF-8",
    "cut": "cut.parquet is not a Parquet file",
    "damaged": "damaged.parquet: cannot be read",
    "nested": "nested: Spark reads 1 of its 2 files",
    "gone": "gone.parquet: there is no such file",
    "delta": "it is a Delta table",
}


def write_tables(root: Path) -> None:
    """Planted: a key twice, two nulls, one value out of range, one of no set."""
    ids, values, places = (
        list(range(ROWS)),
        [float(n % 50) for n in range(ROWS)],
        ["north", "south"] * (ROWS // 2),
    )
    ids[5], values[9], places[3] = 4, 9999.0, "West"
    planted = [None if n in (7, 8) else value for n, value in enumerate(values)]
    rest = {"day": ["2020-02-29"] * ROWS, "nan": [math.nan, *(float(n) for n in range(1, ROWS))]}
    table = pa.table({"id": ids, "v": planted, "s": places, **rest})
    pq.write_table(table, root / "plain.parquet")
    for year in (2020, 2021):
        folder = root / "years" / f"year={year}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": [1, 2, 3]}), folder / "a.parquet")
        (folder / "_SUCCESS").touch()
    (root / "pyarrow.py").write_text("raise RuntimeError")  # no module of Spark's workers
    (root / "with space %20").mkdir()
    (root / "with space %20" / "text.csv").write_text('a,b\n1,"x ""q"" y"\n2,"two\nlines"\n3,\n')
    (root / "lines.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": null, "b": "y"}\n')
    _write_damaged(root, table)


def _write_damaged(root: Path, table: pa.Table) -> None:
    (root / "ragged.csv").write_text("a,b\n1,x\n2\n3,z\n")
    (root / "latin.csv").write_bytes("a,b\n1,café\n".encode("latin-1"))
    whole = (root / "plain.parquet").read_bytes()
    (root / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    pq.write_table(table, root / "damaged.parquet", compression="none", use_dictionary=False)
    raw = bytearray((root / "damaged.parquet").read_bytes())
    raw[60:4000] = b"\xff" * 3940  # pages; the footer is whole
    (root / "damaged.parquet").write_bytes(raw)
    (root / "delta" / "_delta_log").mkdir(parents=True)
    (root / "delta" / "_delta_log" / "0.json").write_text("{}")
    pq.write_table(table, root / "delta" / "a.parquet")
    (root / "nested" / "below").mkdir(parents=True)
    for folder in (root / "nested", root / "nested" / "below"):
        pq.write_table(pa.table({"x": [1]}), folder / "a.parquet")


@dataclass(frozen=True)
class Stage:
    """A data stage that ran: the run's exit status, its report, its folder."""

    code: int
    report: dict[str, Any]
    folder: Path

    def checks(self, table: str) -> dict[str, dict[str, Any]]:
        return {
            c["id"].removeprefix(f"{table}/"): c
            for c in self.report["checks"]
            if c["id"].startswith(f"{table}/")
        }

    def document(self, table: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "data" / f"{table}.validation.json").read_bytes())
        return found

    def counts(self, table: str) -> dict[str, Any]:
        """Of each expectation: whether it held, and what was counted."""
        results = self.document(table)["results"]
        return {
            result["expectation_config"]["meta"]["lockgate"]: (
                result["success"],
                {name: result["result"].get(name) for name in COUNTS},
            )
            for result in results
        }


def run_stage(python: Path, root: Path, *options: str) -> Stage:
    argv = [python, "-P", "-m", "runner", "run", "--solution", root, "--stage", "data", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=540, env=dict(os.environ))
    newest = newest_run(root)
    assert newest is not None, done.stderr
    folder = newest / "stages" / "data"
    return Stage(done.returncode, json.loads((folder / "result.json").read_bytes()), folder)


@pytest.fixture(scope="module")
def python() -> Path:
    return spark_python()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("spark") / "small"
    root.mkdir()
    write_tables(root)
    for name, expectations in SUITES.items():
        (root / f"{name}.json").write_text(json.dumps({"name": name, "expectations": expectations}))
    tables = {name: {"source": source, "suite": f"{suite}.json"} for name, (source, suite) in TABLES.items()}
    stages = {"data": {"kind": "data", "tables": tables}}
    (root / "lockgate.yml").write_text(json.dumps({"solution": "small", "stages": stages}))
    return root


@pytest.fixture(scope="module")
def on_spark(python: Path, root: Path) -> Stage:
    """One run of all tables: starting a JVM and importing Great Expectations is most of it."""
    return run_stage(python, root, "--engine", "spark")


def test_what_was_planted_is_failed_with_the_counts_of_the_other_engine(on_spark: Stage, root: Path) -> None:
    here = run_stage(Path(sys.executable), root)
    ours, theirs = here.counts("plain"), on_spark.counts("plain")
    assert theirs.keys() == ours.keys() and len(ours) == len(SUITES["plain"])
    for id, (success, counted) in ours.items():
        assert theirs[id] == (success, pytest.approx(counted)), id
    failed = {id.partition("(")[0] for id, c in on_spark.checks("plain").items() if c["status"] == "FAILED"}
    assert failed == {
        NULLS, BETWEEN, UNIQUE, IN_SET, "expect_column_max_to_be_between",
        "expect_column_unique_value_count_to_be_between", "expect_column_values_to_match_regex",
        "expect_column_values_to_be_json_parseable",
    }  # fmt: skip
    assert on_spark.checks("plain")["table"]["measured"] == "1,000 rows x 5 columns"


def test_the_result_is_great_expectations_own(on_spark: Stage) -> None:
    document = on_spark.document("plain")
    assert document["meta"]["batch_spec"] == {"batch_data": "SparkDataFrame"}
    assert document["statistics"]["evaluated_expectations"] == len(SUITES["plain"])
    assert document["success"] is False and document["suite_name"] == "plain"
    (judged,) = [j for j in on_spark.report["judged"] if j["name"] == "plain" and j["kind"] == "data"]
    assert judged["facts"]["columns"] == {
        "id": "bigint", "v": "double", "s": "string", "day": "string", "nan": "double"
    }  # fmt: skip
    assert judged["facts"]["rows"] == ROWS and judged["facts"]["spark"].startswith("4.")


@pytest.mark.parametrize("table", ["years", "glob"])
def test_partitions_are_columns(on_spark: Stage, table: str) -> None:
    assert {c["status"] for c in on_spark.checks(table).values()} == {"PASSED"}
    assert on_spark.checks(table)["table"]["measured"] == "6 rows x 2 columns"


def test_texts_are_read_as_their_formats_say(on_spark: Stage) -> None:
    for table, rows in (("text", 3), ("lines", 2)):
        nulls, count = list(on_spark.checks(table).values())[1:]
        assert (nulls["status"], nulls["measured"]) == ("FAILED", f"1 of {rows} null ({100 / rows:.2f}%)")
        assert count["status"] == "PASSED"


@pytest.mark.parametrize("table", UNREADABLE)
def test_what_cannot_be_read_is_an_error_with_its_cause(on_spark: Stage, table: str) -> None:
    whole, *others = on_spark.checks(table).values()
    assert whole["status"] == "ERROR" and UNREADABLE[table] in whole["cause"]
    assert "\n" not in whole["cause"] and " at org." not in whole["cause"]
    assert {other["status"] for other in others} == {"SKIPPED"}


def test_missing_columns_fail_and_what_cannot_be_computed_is_an_error(on_spark: Stage) -> None:
    gone, order, mean = list(on_spark.checks("odd").values())[1:]
    assert (gone["status"], gone["cause"]) == ("FAILED", "the table has no column 'gone'")
    assert (order["status"], order["cause"]) == ("ERROR", "cannot be asked: Spark keeps no order of rows")
    assert mean["status"] == "ERROR" and mean["cause"].startswith(
        "cannot be computed: Expected numeric column"
    )
    assert on_spark.code == 3 and on_spark.report["status"] == "ERROR"


def test_nothing_is_left_beside_the_run(on_spark: Stage, root: Path) -> None:
    assert {path.name for path in root.iterdir()} & {"spark-warehouse", "metastore_db", "derby.log"} == set()


def test_inside_a_spark_application_its_session_and_catalogue_are_used(
    python: Path, root: Path, tmp_path: Path
) -> None:
    for name in ("plain.parquet", "plain.json"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    argv = [python, APPLICATION, tmp_path]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=540, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["alive"] and told["checks"]["trips/table"] == ["PASSED", ""]
    assert told["checks"][f"trips/{UNIQUE}(id)"][0] == "FAILED"
    assert told["sha256"] != ""

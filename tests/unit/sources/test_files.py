"""Tables of one file or many, judged: every format and every place gives the same answers, and nothing that
changes meanwhile passes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.judging import checks_of, data_job
from helpers.objects import Objects

from runner.config.data import TableSource
from runner.errors import InfrastructureError
from runner.expect.asks import Rows
from runner.model import Check, Earlier, EarlierRun, Status, TableFacts
from runner.sources.opening import Places, opened
from runner.stages.data import run
from runner.stages.tables.engine import Answers
from runner.stages.tables.suite import Suite

NOT_NULL, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"
LEFT = "expect_column_values_to_be_dateutil_parseable"
ROWS = [{"n": n, "x": n / 2, "s": f"t{n}", "ok": n % 2 == 0} for n in range(12)]


def suite(folder: Path, *expectations: tuple[str, dict[str, Any]]) -> str:
    listed = [{"type": type, "kwargs": kwargs} for type, kwargs in expectations]
    (folder / "s.json").write_text(json.dumps({"name": "s", "expectations": listed}))
    return "s.json"


def nobody(frame: pd.DataFrame, suite: Suite, name: str) -> Answers:
    raise AssertionError(f"asked of Great Expectations: {[e.id for e in suite.expectations]}")


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        write(path.with_suffix(""), rows)
        path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))
        path.with_suffix("").unlink()
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        path.write_bytes(lines(rows))


ENDINGS = ("parquet", "csv", "jsonl", "ndjson", "csv.gz", "jsonl.gz")
PLACES: dict[str, Callable[[str], tuple[str, list[str]]]] = {
    "one file": lambda end: (f"t.{end}", [f"t.{end}"]),
    "a glob": lambda end: (f"d/t-*.{end}", [f"d/t-{n}.{end}" for n in "abc"]),
    "a folder": lambda end: ("d/", [f"d/t-{n}.{end}" for n in "abc"]),
}


def spread(root: Path, place: str, end: str) -> str:
    """The rows over the place's files; the source."""
    source, names = PLACES[place](end)
    share = len(ROWS) // len(names)
    for n, name in enumerate(names):
        write(root / name, ROWS[n * share : (n + 1) * share])
    return source


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("place", PLACES)
def test_every_format_and_place_gives_the_same_answers_without_great_expectations(
    tmp_path: Path, place: str, end: str
) -> None:
    asked = suite(tmp_path, (NOT_NULL, {"column": "s"}), (BETWEEN, {"column": "n", "max_value": 8}))
    report = run(
        data_job(tmp_path, t={"source": spread(tmp_path, place, end), "suite": asked}), engine=nobody
    )
    whole, fine, bad = checks_of(report).values()
    assert (whole.status, whole.measured) == (Status.PASSED, "12 rows x 4 columns")
    assert fine.status is Status.PASSED and bad.status is Status.FAILED
    assert bad.cause.startswith("3 of 12 unexpected (25.00%), e.g. 9, 10, 11 in rows 9, 10, 11")
    assert list(report.judged[0].facts["columns"].values()) == ["int64", "float64", "str", "bool"]


def at(root: Path, source: str, remote: Any = None, **fields: Any) -> Any:
    (root / "scratch").mkdir(exist_ok=True)
    config = TableSource(source=source, suite=suite(root), **fields)
    return opened("t", config, Places(root, root / "scratch", remote or Objects({})))


def test_great_expectations_is_given_what_duckdb_sees(tmp_path: Path) -> None:
    write(tmp_path / "d/year=2023/k=__HIVE_DEFAULT_PARTITION__/a.parquet", ROWS[:5])
    write(tmp_path / "d/year=2024/k=b%20c/a.parquet", [{**row, "n": None} for row in ROWS[5:6]] + ROWS[6:])
    write(tmp_path / "d/year=2024/k=b%20c/_metadata", [])
    table = at(tmp_path, "d")
    assert list(table.columns()) == ["n", "x", "s", "ok", "year", "k"]
    frame = table.frame()
    assert list(frame.index) == list(range(12)) and list(frame.columns) == list(table.columns())
    assert [str(frame[name].dtype) for name in ("n", "year", "k")] == ["float64", "int64", "str"]
    seen = table.asked().rows(Rows(("year", "k", "s"), "true", 99))
    theirs = [(n, *row) for n, row in enumerate(frame[["year", "k", "s"]].itertuples(index=False, name=None))]
    assert [(*row[:2], row[2] or None, row[3]) for row in seen] == [
        (*row[:2], row[2] if isinstance(row[2], str) else None, row[3]) for row in theirs
    ]


def test_a_partition_is_a_column_that_can_be_asked(tmp_path: Path) -> None:
    for year in (2023, 2024):
        write(tmp_path / f"d/year={year}/a.csv", ROWS[:2])
    asked = suite(tmp_path, (BETWEEN, {"column": "year", "max_value": 2023}))
    report = run(data_job(tmp_path, t={"source": "d/", "suite": asked}), engine=nobody)
    assert "2 of 4 unexpected (50.00%), e.g. 2,024 in rows 2, 3" in report.checks[1].cause


DIFFERENT: dict[str, tuple[dict[str, Any], str]] = {
    "a column less": ({"a": 1}, "b.parquet: its schema is not that of a.parquet: there is no column 'b'"),
    "a column more": ({"a": 1, "b": 1, "c": 1}, "there is one column more, 'c'"),
    "another type": ({"a": 1, "b": 1.5}, "column 'b' is double, and there int64"),
    "another order": ({"b": 1, "a": 1}, "its columns stand in another order"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_the_first_file_of_another_schema_is_told(tmp_path: Path, name: str) -> None:
    row, cause = DIFFERENT[name]
    write(tmp_path / "d/a.parquet", [{"a": 1, "b": 1}])
    write(tmp_path / "d/b.parquet", [row])
    with pytest.raises(InfrastructureError) as error:
        at(tmp_path, "d").columns()
    assert cause in str(error.value)


def test_a_column_that_is_a_partition_too_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "d/N=1/a.parquet", ROWS)
    with pytest.raises(InfrastructureError, match="'N' is a column of the files and a partition"):
        at(tmp_path, "d").columns()


def test_names_that_duckdb_would_take_for_globs_are_names(tmp_path: Path) -> None:
    write(tmp_path / "a[bc].parquet", ROWS[:1])
    write(tmp_path / "ab.parquet", ROWS)
    assert at(tmp_path, "a[bc].parquet").asked().count() == 1


def test_a_column_called_as_duckdb_calls_a_file_is_left(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / f"d/{name}.parquet", [{"File_Index": 1}])
    assert "File_Index".lower() in str(at(tmp_path, "d").columns())
    assert list(at(tmp_path, "d/a.parquet").columns()) == ["File_Index"]


def test_in_s3_a_table_is_fetched_and_listed_again(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ROWS)
    data = (tmp_path / "a.csv").read_bytes()
    keys = ("d/k=1/a.csv", "d/k=2/a.csv", "d/_SUCCESS", "d/k=1/")
    remote = Objects({"bucket": {key: data if key.endswith("csv") else b"" for key in keys}})
    table = at(tmp_path, "s3://bucket/d/", remote)
    digest = table.digest()
    assert table.asked().count() == 24 and list(table.columns())[-1] == "k"
    assert table.digest() == digest and sorted(remote.fetched) == ["d/k=1/a.csv", "d/k=2/a.csv"]
    remote.buckets["bucket"]["d/k=2/a.csv"] = data.replace(b"t3", b"t4")
    with pytest.raises(InfrastructureError, match=r"k=2/a\.csv was changed"):
        table.digest()


def test_the_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for folder, names in {"one": "ab", "other": "ac", "third": "ab"}.items():
        for name in names:
            write(tmp_path / folder / f"{name}.jsonl", ROWS[:1] if folder != "third" else ROWS[1:2])
        digests.add(at(tmp_path, folder).digest())
    assert len(digests) == 3


def changing(change: Callable[[], None]) -> Callable[..., Answers]:
    """An engine that lets something happen, and then finds nothing wrong."""

    def answer(frame: pd.DataFrame, suite: Suite, name: str) -> Answers:
        change()
        result = {"success": True, "result": {"element_count": len(frame)}}
        each = {e.id: result for e in suite.expectations}
        return Answers(each, dict.fromkeys(each, "words"), {}, {})

    return answer


CHANGES: dict[str, Callable[[Path], Any]] = {
    "it vanishes": lambda path: path.unlink(),
    "it is cut": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "it is turned round": lambda path: path.write_bytes(path.read_bytes()[::-1]),
}


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_table_that_changes_meanwhile_is_an_error(
    tmp_path: Path, place: str, end: str, change: str
) -> None:
    asked = suite(tmp_path, (LEFT, {"column": "s"}))
    source = spread(tmp_path, place, end)
    file = tmp_path / PLACES[place](end)[1][0]
    job = data_job(tmp_path, t={"source": source, "suite": asked})
    report = run(job, engine=changing(lambda: CHANGES[change](file)))
    whole, fine = checks_of(report).values()
    assert (whole.status, fine.status) == (Status.ERROR, Status.PASSED)
    _, found, why = whole.cause.partition("changed or vanished while it was judged: ")
    assert found and why


@pytest.mark.parametrize("place", ["a glob", "a folder"])
def test_a_file_that_is_added_meanwhile_is_an_error(tmp_path: Path, place: str) -> None:
    asked = suite(tmp_path, (LEFT, {"column": "s"}))
    job = data_job(tmp_path, t={"source": spread(tmp_path, place, "csv"), "suite": asked})
    report = run(job, engine=changing(lambda: write(tmp_path / "d/t-z.csv", ROWS)))
    assert checks_of(report)["t/table"].status is Status.ERROR


def judged(
    root: Path, earlier: Earlier, *expectations: tuple[str, dict[str, Any]]
) -> tuple[Check, dict[str, Any]]:
    """The table's own check and its facts, of `partitions: changed` over d/."""
    asked = suite(root, *(expectations or ((NOT_NULL, {"column": "s"}),)))
    job = data_job(root, t={"source": "d/", "suite": asked, "partitions": "changed"})
    report = run(replace(job, earlier=earlier), engine=nobody)
    assert report.status is Status.PASSED
    return report.checks[0], dict(report.judged[0].facts)


def passed(facts: dict[str, Any]) -> Earlier:
    """The same table as a run that passed knew it."""
    known = TableFacts("d/", "", facts["rows"], files=facts["files"])
    return Earlier((EarlierRun("run-0", "2026-11-23T00:00:00+00:00", {"t": known}),))


def test_only_the_files_that_changed_are_judged(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"d/{name}.csv", ROWS)
    first, facts = judged(tmp_path, Earlier())
    assert first.measured == "36 rows x 4 columns (all 3 files: no earlier run passed)"
    write(tmp_path / "d/b.csv", ROWS[:2])
    write(tmp_path / "d/e.csv", ROWS[:3])
    (tmp_path / "d/c.csv").unlink()
    second, later = judged(tmp_path, passed(facts))
    assert second.measured == "5 rows x 4 columns (2 of 3 files: the others are as in run run-0)"
    assert later["partitions"] == "changed" and sorted(later["files"]) == ["a.csv", "b.csv", "e.csv"]
    assert later["files"]["a.csv"] == facts["files"]["a.csv"]
    third, _ = judged(tmp_path, passed(later))
    assert third.measured == "17 rows x 4 columns (all 3 files: unchanged since run run-0)"


def test_what_is_asked_anew_is_asked_of_all_files(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / f"d/{name}.csv", ROWS)
    _, facts = judged(tmp_path, Earlier())
    other, _ = judged(tmp_path, passed(facts), (NOT_NULL, {"column": "n"}))
    assert other.measured.endswith("(all 2 files: each is new since run run-0)")


def test_earlier_runs_that_cannot_be_told_are_no_reason_to_judge_less(tmp_path: Path) -> None:
    write(tmp_path / "d/a.csv", ROWS)
    check, _ = judged(tmp_path, Earlier(unknown="the history cannot be read"))
    assert check.measured.endswith("(all 1 files: the history cannot be read)")


def test_in_s3_files_that_did_not_change_are_not_fetched(tmp_path: Path) -> None:
    remote = Objects({"bucket": {"d/a.jsonl": lines(ROWS), "d/b.jsonl": lines(ROWS)}})
    asked = suite(tmp_path, (NOT_NULL, {"column": "s"}))
    job = data_job(tmp_path, t={"source": "s3://bucket/d/", "suite": asked, "partitions": "changed"})
    facts = run(job, remote, nobody).judged[0].facts
    remote.fetched.clear()
    remote.buckets["bucket"]["d/b.jsonl"] = lines(ROWS[:5])
    known = TableFacts("s3://bucket/d/", "", 24, files=facts["files"])
    again = replace(job, earlier=Earlier((EarlierRun("run-0", "", {"t": known}),)))
    report = run(again, remote, nobody)
    assert remote.fetched == ["d/b.jsonl"] and report.status is Status.PASSED
    assert report.checks[0].measured.startswith("5 rows x 4 columns (1 of 2 files")

"""Damaged and hostile files: ERROR with its cause and no traceback; never another table's pass."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.judging import data_job

from runner.errors import InfrastructureError
from runner.model import StageReport, Status
from runner.sources import unpacking
from runner.stages.data import run
from runner.stages.tables.engine import Answers

ASKED = [
    {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1000}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "x", "min_value": 0, "max_value": 500},
    },
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": "^t[0-9]+$"}},
]


def nobody(*asked: object) -> Answers:
    raise InfrastructureError("asked of Great Expectations")


def judged(root: Path, source: str) -> StageReport:
    (root / "s.json").write_text(json.dumps({"name": "s", "expectations": ASKED}))
    return run(data_job(root, t={"source": source, "suite": "s.json"}), engine=nobody)


def table(path: Path, **options: object) -> bytes:
    """1,000 rows in four row groups; the file's bytes."""
    rows = pa.table(
        {"n": range(1000), "x": [n / 2 for n in range(1000)], "s": [f"t{n}" for n in range(1000)]}
    )
    pq.write_table(rows, path, row_group_size=250, **options)  # type: ignore[arg-type]
    return path.read_bytes()


def flipped(whole: bytes, dice: random.Random) -> bytes:
    """One bit turned: in a page, in its header, or in the footer."""
    footer = 8 + int.from_bytes(whole[-8:-4], "little")
    low, high = dice.choice(((0, len(whole)), (len(whole) - footer, len(whole)), (0, 100)))
    at = dice.randrange(low, high)
    return whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :]


@pytest.mark.parametrize("compression", ["snappy", "none", "zstd", "gzip"])
def test_a_flipped_bit_is_an_error_or_another_digest(tmp_path: Path, compression: str) -> None:
    """A bit that no page checksum guards may turn one value into another: then another table was judged, and
    the digest in the manifest says so."""
    whole = table(tmp_path / "t.parquet", compression=compression)
    honest = judged(tmp_path, "t.parquet")
    assert honest.status is Status.PASSED
    for seed in range(12):
        (tmp_path / "t.parquet").write_bytes(flipped(whole, random.Random(f"{compression} {seed}")))  # noqa: S311
        report = judged(tmp_path, "t.parquet")
        if report.status is Status.PASSED:
            assert report.judged[0].sha256 != honest.judged[0].sha256
            assert report.checks[0].measured.startswith("1,000 rows")
        assert all(
            check.cause and "Traceback" not in check.cause
            for check in report.checks
            if check.status is Status.ERROR
        )


@pytest.mark.parametrize("keep", [0, 3, 4, 100, 5000, -1, -4, -8, -500])
def test_a_cut_parquet_is_an_error(tmp_path: Path, keep: int) -> None:
    (tmp_path / "t.parquet").write_bytes(table(tmp_path / "t.parquet")[:keep])
    report = judged(tmp_path, "t.parquet")
    assert report.status is Status.ERROR and "t.parquet: cannot be read: " in report.checks[0].cause


def wide(path: Path) -> None:
    names = [f"c{n}" for n in range(21_000)]
    column = pa.array([1], pa.int8())
    pq.write_table(pa.table([column] * len(names), names), path, write_statistics=False, use_dictionary=False)


def deep(path: Path) -> None:
    type: pa.DataType = pa.int64()
    for _ in range(1000):
        type = pa.struct([("x", type)])
    pq.write_table(pa.table({"a": pa.nulls(1, type)}), path, store_schema=False)


def claims(path: Path) -> None:
    """A footer that says to be 2 GiB long."""
    path.write_bytes(b"PAR1" + b"\0" * 100 + (2**31 - 1).to_bytes(4, "little") + b"PAR1")


COLUMNS = b",".join(b"%d" % n for n in range(100_000))
GOOD = b"n,x,s\n1,2,t\n"
HOSTILE: dict[str, tuple[str, bytes | Callable[[Path], None], str]] = {
    "21,000 columns of Parquet": ("t.parquet", wide, "has 21,000 columns, more than"),
    "a thousand levels of Parquet": ("t.parquet", deep, "too deeply nested"),
    "a footer longer than its file": ("t.parquet", claims, "cannot be read"),
    "another format inside": ("t.parquet", GOOD * 100, "cannot be read"),
    "100,000 columns of CSV": ("t.csv", COLUMNS, "has 100,000 columns, more than"),
    "a ragged row": ("t.csv", GOOD + b"1,2\n", "line 3 has 2 fields, the header 3"),
    "Latin-1": ("t.csv", GOOD + "1,2,é\n".encode("latin-1"), "line 3 is not UTF-8"),
    "UTF-16": ("t.csv", GOOD.decode().encode("utf-16"), "line 1 is not UTF-8"),
    "an endless quote": ("t.csv", GOOD + b'1,2,"t\n' + b"1,2,t\n" * 1000, "line 3: a quote is not closed"),
    "JSON of another kind": ("t.jsonl", b'[{"n": 1}]', "line 1 is no object"),
    "a cut gzip": ("t.csv.gz", gzip.compress(GOOD * 1000)[:-20], "cannot be unpacked"),
    "no gzip": ("t.csv.gz", GOOD, "cannot be unpacked: Not a gzipped file"),
    "a damaged gzip": ("t.csv.gz", gzip.compress(GOOD * 9)[:15] + b"x" * 99, "cannot be unpacked"),
    "a bomb": ("t.jsonl.gz", gzip.compress(b"\n" * (2**26 + 1)), "it unpacks to more than 67,108,864 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_error_with_its_cause(tmp_path: Path, name: str) -> None:
    file, make, cause = HOSTILE[name]
    (tmp_path / file).write_bytes(make) if isinstance(make, bytes) else make(tmp_path / file)
    report = judged(tmp_path, file)
    whole, *others = report.checks
    assert report.status is whole.status is Status.ERROR and cause in whole.cause
    assert whole.cause.startswith(f"table t: {file}: ") and "\n" not in whole.cause
    assert {check.status for check in others} == {Status.SKIPPED}


def test_what_packs_well_is_unpacked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "t.gz").write_bytes(gzip.compress(b"\n" * unpacking.ALWAYS, 9))
    target = unpacking.unpacked(tmp_path / "t.gz", tmp_path / "t", "t")
    assert target.stat().st_size == unpacking.ALWAYS

"""What becomes of a Parquet file with one flipped bit, and of CSV files with hostile cells.

    PYTHONPATH=tests:tests/unit/sources python benchmarks/damaged.py [--flips 2000] [--csv 6000] [--quick]

A file of 2,000 rows in three row groups, in each of three compressions, has one bit flipped: anywhere, in the
footer, or in the first page's header. Printed, by place: how often that is an error, gives the honest file's
answers, or others. Then made CSV files (tests/unit/sources/test_delimited.py) are compared with what pandas
reads. Seeded. Exits 1 where anything but an error with its cause is raised, where an answer to a damaged file
goes by the honest file's digest, or where a CSV is another table than pandas'.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from test_delimited import made, plain

from runner.errors import InfrastructureError
from runner.expect.asks import Ask, Distinct, Quantiles, Scalar
from runner.expect.literals import Uncompiled
from runner.sources.delimited import rewritten
from runner.sources.files import file_at

ROWS = 2_000
COMPRESSIONS = ("snappy", "none", "zstd")
COUNTS = ("count(*)", "sum(i)", "sum(f)", "min(s)", "count(s)", "max(b)")
ASKED: tuple[Ask, ...] = (*map(Scalar, COUNTS), Distinct(("s",)), Distinct(("i",)), Quantiles('"f"', (0.5,)))


def answers(path: Path) -> tuple[str, list[str]]:
    """The file's digest, and what it answers."""
    table = file_at(path)
    digest, columns = table.digest(), table.columns()
    if isinstance(columns, Uncompiled):
        return digest, [str(columns)]
    found = table.asked().answer(ASKED)
    return digest, [str(list(columns)), *(str(found.get(ask)) for ask in ASKED)]


def flipped(whole: bytes, dice: random.Random) -> tuple[str, bytes]:
    """Where a bit was flipped, and the bytes with it."""
    footer = 8 + int.from_bytes(whole[-8:-4], "little")
    places = {"anywhere": (0, len(whole)), "footer": (len(whole) - footer, len(whole)), "header": (0, 200)}
    place = dice.choice(list(places))
    at = dice.randrange(*places[place])
    return place, whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :]


def outcome(path: Path, digest: str, honest: list[str]) -> str:
    try:
        found, told = answers(path)
    except InfrastructureError as error:
        return "error" if error.what else "WITHOUT A CAUSE"
    if found == digest:
        return "UNDER THE HONEST DIGEST"
    return "the same answers" if told == honest else "other answers"


def flips(folder: Path, count: int) -> Counter[tuple[str, str]]:
    """How often each outcome was met in each place."""
    met: Counter[tuple[str, str]] = Counter()
    n = range(ROWS)
    table = pa.table(
        {"i": n, "f": [k / 7 for k in n], "s": [f"text {k % 50}" for k in n], "b": [k % 3 == 0 for k in n]}
    )
    path = folder / "t.parquet"
    for compression in COMPRESSIONS:
        pq.write_table(table, path, compression=compression, row_group_size=700)
        whole, (digest, honest) = path.read_bytes(), answers(path)
        for seed in range(count):
            place, damaged = flipped(whole, random.Random(f"{compression} {seed}"))
            path.write_bytes(damaged)
            met[place, outcome(path, digest, honest)] += 1
    return met


def unlike_pandas(folder: Path, count: int) -> int:
    """How many of so many CSV files are another table than pandas reads; each is shown."""
    bad, path = 0, folder / "t.csv"
    for case in range(count):
        text, rows = made(random.Random(f"wide {case}"))
        path.write_bytes(text.encode())
        expected = pd.read_csv(path, encoding="utf-8", low_memory=False, index_col=False)
        found = pd.read_parquet(rewritten({"t.csv": path}, folder, rows)[0])
        try:
            pd.testing.assert_frame_equal(plain(found), plain(expected))
        except AssertionError as error:
            bad += 1
            print(f"{text!r}: {error}")
    return bad


def shown(met: Counter[tuple[str, str]]) -> None:
    for (place, told), count in sorted(met.items()):
        print(f"{place:10} {told:24} {count:6,}")


def main() -> Any:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--flips", type=int, default=2_000, help="in each compression")
    options.add_argument("--csv", type=int, default=6_000)
    options.add_argument("--quick", action="store_true", help="a tenth of each")
    asked = options.parse_args()
    share = 10 if asked.quick else 1
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        met = flips(Path(folder), asked.flips // share)
        shown(met)
        bad = unlike_pandas(Path(folder), asked.csv // share)
    print(f"{asked.csv // share:,} CSV files, {bad} unlike pandas")
    return bool(bad) or any(told.isupper() for _, told in met)


if __name__ == "__main__":
    raise SystemExit(main())

"""The benchmark's table: 21 columns, seeded, written a million rows at a time; and its first 1,000 rows.

python table.py PATH ROWS sorted|shuffled: a process of its own, so that its memory is not told of others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STEP, GROUP = 1_000_000, 250_000
CARRIERS = np.array(["AA", "UA", "DL", "B6", "WN", "EV", "MQ", "US"])
AIRPORTS = np.array([f"{chr(65 + n // 26)}{chr(65 + n % 26)}X" for n in range(105)])
MOST = (24, 60, 365, 100_000)  # of the columns of small integers
START = np.datetime64("2020-01-01", "us")


def write_table(path: Path, rows: int, *, shuffled: bool) -> None:
    """Write the table, unless it is there: compressed with snappy, pandas' default."""
    if path.exists():
        return
    dice, keys = np.random.default_rng(7), np.arange(rows, dtype="int64") * 3 + 17
    if shuffled:
        dice.shuffle(keys)
    unfinished, writer = path.with_suffix(".unfinished"), None
    for at in range(0, rows, STEP):
        part = _part(dice, keys[at : at + STEP])
        writer = writer or pq.ParquetWriter(unfinished, part.schema)
        writer.write_table(part, row_group_size=GROUP)
    assert writer is not None
    writer.close()
    unfinished.rename(path)


def _part(dice: np.random.Generator, keys: np.ndarray) -> pa.Table:
    rows = len(keys)
    columns: dict[str, Any] = {"id": keys}
    for n in range(7):
        nulls = dice.random(rows) < 0.02 if n % 2 else None
        columns[f"f{n}"] = pa.array(dice.normal(10 * n, 1 + n, rows), mask=nulls)
    columns |= {f"i{n}": dice.integers(0, most, rows).astype("int32") for n, most in enumerate(MOST)}
    columns["carrier"] = pa.array(dice.choice(CARRIERS, rows))
    columns |= {name: pa.array(dice.choice(AIRPORTS, rows)) for name in ("origin", "dest")}
    columns["code"] = pa.array(np.char.add("N", dice.integers(10_000, 99_999, rows).astype("U5")))
    columns["tail"] = pa.array(np.char.add("T", keys.astype("U12")))
    columns["at"] = pa.array(START + dice.integers(0, 10**12, rows).astype("timedelta64[us]"))
    columns["flag"] = dice.random(rows) < 0.3
    columns["big"] = dice.integers(0, 2**60, rows)
    columns["share"] = dice.random(rows)
    return pa.table(columns)


def write_first(table: Path, path: Path, rows: int = 1000) -> None:
    """Write a table's first rows as another one."""
    first = next(pq.ParquetFile(table).iter_batches(rows))
    pq.write_table(pa.Table.from_batches([first]), path)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    write_table(place, int(sys.argv[2]), shuffled=sys.argv[3] == "shuffled")
    write_first(place, place.with_name("first.parquet"))

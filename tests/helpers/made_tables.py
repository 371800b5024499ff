"""Parquet files by a seed's dice, with what breaks engines.

Nulls, NaN, infinities, odd texts, big integers, booleans, times, decimals, lists, dictionaries, columns of
nulls alone, 0 and 1 rows and so many that examples are cut off, names with quotes and spaces, several row
groups; written by Arrow, or by pandas, with what it writes beside a schema.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

NAMES = ("a", "b c", 'q"uote', "Ünï", "select", "x.y", "1st", "B")
TAKEN = ("A", "file_row_number", "File_Row_Number")  # with these, nothing is compiled

TEXTS = (
    "",
    "a",
    "b",
    "A",
    "ab",
    "a1",
    "12",
    "é",
    "e\u0301",
    "日本",
    "a\nb",
    "a\n",
    " ",
    "null",
    "nan",
    "𝒳",
    "%",
    "'",
)
INTEGERS = (0, 1, -1, 2, 3, 7, 100, 2**31, -(2**31), 2**53 - 1)
HUGE = (2**53, 2**53 + 1, 2**63 - 1, -(2**63), 0, 1)
FLOATS = (0.0, -0.0, 1.0, 0.1, -2.5, 3.75, 1e300, -1e300, 1e-300, math.inf, -math.inf, math.nan)
TAME = (0.0, 1.0, 0.1, -2.5, 3.75, 12.0, 100.25)
SINGLES = (3.4e38, -3.4e38, 1e-40, 1e20, 123456.789)
TIMES = (
    *(dt.datetime(*day) for day in ((1970, 1, 1), (2013, 1, 1, 5, 30), (2026, 3, 29, 2, 30), (1900, 1, 1))),
    dt.datetime(2013, 1, 1, 5, 30, 0, 1000),
    dt.datetime(2013, 1, 1, 5, 30, 0, 500_000),
)
EARLY = (*TIMES, dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59))
FINE = tuple(946_684_800_000_000_000 + each for each in (0, 1, 999, 1000, 1_000_000_000))  # in nanoseconds
DAYS = (*(time.date() for time in TIMES), dt.date(1, 1, 1), dt.date(9999, 12, 31))
HOURS = tuple(time.time() for time in TIMES)
CENTS = (Decimal("0.10"), Decimal("0.20"), Decimal("-1.00"), Decimal("99.99"), Decimal("0.00"))
LONG = (
    Decimal("0.1000000000"),
    Decimal("12345678901234567890.1234567890"),
    Decimal("12345678901234567890.1234567891"),
)
COMMON: tuple[tuple[pa.DataType, tuple[Any, ...]], ...] = (
    (pa.int64(), INTEGERS),
    (pa.int64(), (1, 2, 3)),
    (pa.int32(), (0, 1, -1, 5, 2**31 - 1)),
    (pa.int8(), (0, 1, 127, -128)),
    (pa.float64(), FLOATS),
    (pa.float64(), TAME),
    (pa.float32(), TAME),
    (pa.bool_(), (True, False)),
    (pa.string(), TEXTS),
    (pa.string(), TEXTS),
    (pa.string(), ("a", "b")),
    (pa.large_string(), TEXTS),
)
RARE: tuple[tuple[pa.DataType, tuple[Any, ...]], ...] = (
    (pa.int64(), HUGE),
    (pa.uint64(), (0, 1, 2**64 - 1, 2**63)),
    (pa.uint8(), (0, 1, 255)),
    (pa.int16(), (0, 300, -300)),
    (pa.float16(), (0.0, 1.5, math.nan)),
    (pa.float32(), (*TAME, math.nan, math.inf)),
    (pa.float32(), (*SINGLES, 0.0, 0.1)),
    (pa.timestamp("us"), EARLY),
    (pa.timestamp("us"), TIMES),
    (pa.timestamp("ms"), TIMES),
    (pa.timestamp("ns"), TIMES),
    (pa.timestamp("ns"), FINE),
    (pa.timestamp("ms", tz="UTC"), TIMES),
    (pa.timestamp("us", tz="UTC"), EARLY[:-1]),
    (pa.timestamp("us", tz="Europe/Berlin"), TIMES),
    (pa.date32(), DAYS),
    (pa.decimal128(9, 2), CENTS),
    (pa.decimal128(38, 10), LONG),
    (pa.decimal128(6, 0), (Decimal(1), Decimal(2), Decimal(-3))),
    (pa.dictionary(pa.int32(), pa.string()), TEXTS),
    (pa.dictionary(pa.int8(), pa.string()), ("a", "b")),
    (pa.null(), (None,)),
    (pa.list_(pa.int64()), ([], [1], [1, 2])),
    (pa.struct([("a", pa.int64())]), ({"a": 1}, {"a": None})),
    (pa.map_(pa.string(), pa.int64()), ([], [("a", 1)])),
    (pa.time64("us"), HOURS),
    (pa.duration("us"), (dt.timedelta(0), dt.timedelta(1))),
    (pa.binary(), (b"", b"a", b"\xff")),
)


def write_table(dice: random.Random, path: Path) -> tuple[dict[str, str], int]:
    """Write a table; its columns' types by name, and its number of rows."""
    rows = dice.choice((0, 1, 2, 3, 5, 8, 13, 30, 30, 200))
    names = dice.sample(NAMES, dice.randint(2, 5))
    names += [dice.choice(TAKEN)] if dice.random() < 0.03 else []
    table = pa.table(_columns(dice, names, rows))
    if dice.random() < 0.3 and not any(pa.types.is_map(field.type) for field in table.schema):
        table = _by_pandas(dice, table)
    groups = dice.choice((None, None, 1, 7)) if rows < 100 else dice.choice((None, 50, 64))
    pq.write_table(
        table,
        path,
        row_group_size=groups,
        use_dictionary=dice.choice((True, False)),
        use_deprecated_int96_timestamps=dice.random() < 0.05,
    )
    return {name: str(table.schema.field(name).type) for name in table.schema.names}, rows


def _columns(dice: random.Random, names: list[str], rows: int) -> dict[str, pa.Array]:
    """A third of the columns are of the type of the one before, so that the two can be compared."""
    columns: dict[str, pa.Array] = {}
    pool = COMMON[0]
    for name in names:
        if not columns or dice.random() > 1 / 3:
            pool = dice.choice(RARE if dice.random() < 0.35 else COMMON)
        columns[name] = _column(dice, rows, *pool)
    return columns


def _column(dice: random.Random, rows: int, type: pa.DataType, pool: tuple[Any, ...]) -> pa.Array:
    nulls = dice.choice((0, 0, 0.2, 1))
    more = 2 * pa.types.is_dictionary(type)  # a dictionary lists values that no row has
    values = [None if dice.random() < nulls else _plain(dice.choice(pool), type) for _ in range(rows + more)]
    return pa.array(values, type).slice(0, rows)


def _plain(value: Any, type: pa.DataType) -> Any:
    """Arrow takes a float of 16 bits from numpy alone."""
    if not pa.types.is_float16(type):
        return value
    import numpy as np

    return np.float16(value)


def _by_pandas(dice: random.Random, table: pa.Table) -> pa.Table:
    """As pandas would have written it, with an index or none."""
    frame = table.to_pandas()
    change: Callable[[pd.DataFrame], pd.DataFrame] = dice.choice(INDEXES)
    return pa.Table.from_pandas(change(frame))


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that are numbers: their names in the file are texts."""
    return frame.set_axis(range(len(frame.columns)), axis=1)


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    """A column as the index, which pandas has none of with floats of 16 bits."""
    return frame if frame.dtypes.iloc[0] == "float16" else frame.set_index(frame.columns[0])


def _nullable(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.convert_dtypes()


INDEXES: tuple[Callable[[pd.DataFrame], pd.DataFrame], ...] = (
    lambda frame: frame,
    lambda frame: frame,
    lambda frame: frame,
    lambda frame: frame.iloc[1:],
    lambda frame: frame.iloc[::2],
    lambda frame: frame.iloc[::-1],
    lambda frame: frame.rename_axis("row"),
    lambda frame: frame.rename_axis("kind", axis=1),
    _indexed,
    _renamed,
    _nullable,
    _nullable,
)

"""Hive's partitions: folders called `column=value` become columns at the table's end.

A column is of whole numbers where all of its values are, else of text; `__HIVE_DEFAULT_PARTITION__` is null;
%-escapes are undone. https://spark.apache.org/docs/latest/sql-data-sources-parquet.html#partition-discovery
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from runner.errors import InfrastructureError
from runner.expect.parts import AT, FILE, Partition

if TYPE_CHECKING:
    import pandas as pd

NULL = "__HIVE_DEFAULT_PARTITION__"
WHOLE = re.compile(r"-?[0-9]{1,18}")


def folders_of(names: Sequence[str], where: str) -> dict[str, tuple[Partition, ...]]:
    """Column -> its value for each of the files. Raises InfrastructureError where the files do not have the
    same partitions."""
    each = [_pairs(name) for name in names]
    keys = [key for key, _ in each[0]]
    for name, pairs in zip(names, each, strict=True):
        if [key for key, _ in pairs] != keys:
            told = f"{name} has the partitions {[key for key, _ in pairs]}, {names[0]} {keys}"
            raise InfrastructureError(told, where=where)
    lower = [key.lower() for key in keys]
    if len(set(lower)) < len(lower):
        raise InfrastructureError(f"{names[0]} has a partition twice", where=where)
    if taken := {"", AT, FILE}.intersection(lower):
        raise InfrastructureError(f"a partition cannot be called {min(taken)!r}", where=where)
    return {key: _typed([pairs[at][1] for pairs in each]) for at, key in enumerate(keys)}


def _pairs(name: str) -> list[tuple[str, str | None]]:
    folders = [part.partition("=") for part in name.split("/")[:-1] if "=" in part]
    return [(unquote(key), None if value == NULL else unquote(value)) for key, _, value in folders]


def _typed(values: Sequence[str | None]) -> tuple[Partition, ...]:
    known = [value for value in values if value is not None]
    if known and all(map(WHOLE.fullmatch, known)):
        return tuple(None if value is None else int(value) for value in values)
    return tuple(values)


def types_of(folders: Mapping[str, Sequence[Partition]]) -> dict[str, str]:
    """Column -> Arrow's name of its type."""
    return {
        name: "int64" if any(isinstance(value, int) for value in values) else "string"
        for name, values in folders.items()
    }


def repeated(folders: Mapping[str, Sequence[Partition]], rows: Sequence[int]) -> dict[str, pd.Series[Any]]:
    """Column -> each file's value as often as it has rows, as pandas reads such a column of Parquet."""
    import numpy as np
    import pyarrow as pa

    types, files = types_of(folders), np.repeat(np.arange(len(rows)), rows)
    return {
        name: pa.array(values, type=pa.type_for_alias(types[name])).take(pa.array(files)).to_pandas()
        for name, values in folders.items()
    }

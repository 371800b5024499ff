"""Some of a table's rows, each with the same chance, without holding the others."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.tables import without_index
from runner.errors import InfrastructureError
from runner.sources.files import Files
from runner.sources.source import Source
from runner.text import reason

if TYPE_CHECKING:
    import pandas as pd


def drawn(source: Source, columns: Collection[str], most: int, seed: int) -> pd.DataFrame:
    """At most so many rows of a table, and those of the columns that it has; all rows where it has no more.

    A seed draws the same rows of the same table. Of files, no more is held. Raises InfrastructureError where
    the table cannot be read, or is Spark's."""
    import pandas as pd

    if isinstance(source, Files):
        return _of_files(source, columns, most, seed)
    frame = source.frame()
    if not isinstance(frame, pd.DataFrame):
        raise InfrastructureError("on Spark, nothing but its suite can be asked")
    kept = frame[[name for name in frame.columns if name in columns]]
    return kept.take(_positions(len(frame), most, seed)).reset_index(drop=True)


def _of_files(source: Files, columns: Collection[str], most: int, seed: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    positions = _positions(sum(source.rows()), most, seed)
    ends = np.cumsum(source.rows())
    own = np.split(positions, np.searchsorted(positions, ends[:-1]))
    begins = ends - np.asarray(source.rows())
    files = source.named_parts().items()
    frames = [
        _picked(path, name, columns, rows - begin)
        for (name, path), rows, begin in zip(files, own, begins, strict=True)
    ]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    added = source.partitions([len(rows) for rows in own])
    return frame.assign(**{name: values for name, values in added.items() if name in columns})


def _positions(rows: int, most: int, seed: int) -> Any:
    """(at most `most`,), ascending: a simple random sample of 0 to rows - 1."""
    import numpy as np

    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False))


def _picked(path: Path, where: str, columns: Collection[str], rows: Any) -> pd.DataFrame:
    try:
        frame = _batchwise(path, columns, rows)
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=where) from None
    return frame


def _batchwise(path: Path, columns: Collection[str], rows: Any) -> pd.DataFrame:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name in columns]
        if not names:
            return pd.DataFrame(index=range(len(rows)))
        kept, first = [file.read_row_groups([], columns=names)], 0
        for batch in file.iter_batches(columns=names):
            low, high = np.searchsorted(rows, [first, first + batch.num_rows])
            kept.append(pa.Table.from_batches([batch]).take(pa.array(rows[low:high] - first)))
            first += batch.num_rows
    return without_index(pa.concat_tables(kept).to_pandas())

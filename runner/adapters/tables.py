"""Tables of one file under the solution's root, read whole into pandas.

CSV is UTF-8, comma-separated, with a header; pandas' defaults say what is null. Rows of another
length than the header are refused, because pandas would pad them with nulls in silence.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from runner.adapters.rectangle import require_rectangle
from runner.errors import InfrastructureError, UsageError
from runner.text import reason

if TYPE_CHECKING:
    import pandas as pd


def local_file(root: Path, source: str) -> Path:
    """The file of a table under `root`.

    Raises UsageError for a path that leaves `root` or is of no known format, InfrastructureError
    where there is no such file."""
    _known_format(source)
    path = (root / source).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UsageError("a table lies inside the solution's folder, or in S3", where=source)
    if not path.is_file():
        raise InfrastructureError("there is no such file", where=source, hint="was its prepare step run?")
    return path


def _known_format(source: str) -> None:
    if not source.endswith((".parquet", ".csv")):
        raise UsageError("a table is a .parquet or a .csv file", where=source)


def read_frame(path: Path, source: str) -> pd.DataFrame:
    """The table's rows; raises InfrastructureError naming `source` where it cannot be read whole.

    The frame's index counts rows from 0; an index that Parquet's writer named is a column again."""
    try:
        frame = _csv(path) if path.suffix == ".csv" else _parquet(path)
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=source) from None
    double = frame.columns[frame.columns.duplicated()]
    if len(double):
        raise InfrastructureError(f"two columns are called {double[0]!r}", where=source)
    return frame


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return without_index(pd.read_parquet(path))


def without_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an index that counts from 0; one that has names becomes columns."""
    import pandas as pd

    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame.reset_index(drop=True)
    return frame.reset_index(drop=all(name is None for name in frame.index.names))


def _csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    require_rectangle(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(path, encoding="utf-8", low_memory=False, index_col=False)

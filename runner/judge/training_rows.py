"""The evaluation table against the training table: rows of one in the other, and which came first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.files import sha256_file
from runner.adapters.tables import local_file, read_frame
from runner.errors import LockgateError
from runner.judge.predictions import CannotCompute

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Training:
    """The training table and the sha256 of its file."""

    frame: pd.DataFrame
    sha256: str


def read_training(root: Path, source: str) -> Training:
    """The training table; raises CannotCompute where it is missing, unreadable or changes meanwhile."""
    try:
        path = local_file(root, source)
        digest = sha256_file(path)
        frame = read_frame(path, source)
        if sha256_file(path) != digest:
            raise CannotCompute(f"{source}: changed while it was read")
    except (LockgateError, OSError) as error:
        raise CannotCompute(str(error).splitlines()[0]) from None
    if frame.empty:
        raise CannotCompute(f"{source}: has no rows")
    return Training(frame, digest)


def duplicates(test: pd.DataFrame, train: pd.DataFrame, columns: tuple[str, ...]) -> Any:
    """Which rows (n,) bool of `test` have the values of a row of `train` in every column; null equals null.

    Numbers are the same where they are as float32, which is what a model is fed. Rows are found by a 64-bit
    hash and then compared value by value. Raises CannotCompute for a column that a table lacks."""
    import numpy as np
    import pandas as pd

    mine, theirs = _alike(test, train, columns)
    hashes = [pd.util.hash_pandas_object(each, index=False).to_numpy() for each in (mine, theirs)]
    found = np.isin(hashes[0], hashes[1])
    if not found.any():
        return found
    known = theirs[np.isin(hashes[1], hashes[0])].drop_duplicates()
    pairs = mine[found].merge(known, how="left", on=list(mine.columns), indicator="from")
    found[found] = (pairs["from"] == "both").to_numpy()
    return found


def _alike(test: pd.DataFrame, train: pd.DataFrame, columns: tuple[str, ...]) -> list[pd.DataFrame]:
    """The columns of both, in types in which equal values are equal."""
    import pandas as pd

    both = [(_column(test, name, "evaluation"), _column(train, name, "training")) for name in columns]
    plain = [tuple(map(_number if _numeric(*pair) else _text, pair)) for pair in both]
    return [pd.DataFrame({i: pair[side] for i, pair in enumerate(plain)}) for side in (0, 1)]


def _column(frame: pd.DataFrame, name: str, which: str) -> pd.Series[Any]:
    if name not in frame.columns:
        raise CannotCompute(f"the {which} table has no column {name!r}")
    return frame[name]


def _numeric(*columns: pd.Series[Any]) -> bool:
    import pandas as pd

    return all(pd.api.types.is_numeric_dtype(each) for each in columns)


def _number(column: pd.Series[Any]) -> Any:
    """As float32, with one NaN: it is its bits that are hashed."""
    import numpy as np

    values = column.to_numpy(dtype=np.float32, na_value=np.nan)
    return np.where(np.isnan(values), np.float32(np.nan), values)


def _text(column: pd.Series[Any]) -> Any:
    """As text; null is the one text that no value has."""
    return (
        column.astype(object).map(lambda value: f"={value}", na_action="ignore").fillna("").to_numpy(object)
    )


def earlier(test: pd.DataFrame, train: pd.DataFrame, column: str) -> tuple[Any, str]:
    """Which rows (n,) bool of `test` are earlier than the last of `train`, and when that was.

    Raises CannotCompute where a table lacks the column, or a value of it is null or no moment."""
    mine, theirs = _column(test, column, "evaluation"), _column(train, column, "training")
    if mine.isna().any() or theirs.isna().any():
        raise CannotCompute(f"some values of {column!r} are null: when they were is not known")
    if not _numeric(mine, theirs):
        mine, theirs = _moments(mine, column), _moments(theirs, column)
    last = theirs.max()
    return (mine < last).to_numpy(), str(last)


def _moments(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        raise CannotCompute(f"{name!r} is a number in one table and none in the other")
    try:
        return pd.to_datetime(column, format="ISO8601" if column.dtype.kind not in "Mm" else None, utc=True)
    except (ValueError, TypeError, OverflowError):
        raise CannotCompute(f"some values of {name!r} are no dates") from None

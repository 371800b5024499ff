"""CSV files rewritten as Parquet with the types that pandas gives them, a chunk at a time.

pandas reads both times: once for each column's type over all of the files, once for its values. So a cell
means what `pandas.read_csv(low_memory=False)` says it means, and memory is that of a chunk.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.rectangle import Shape, require_rectangle
from runner.errors import InfrastructureError
from runner.text import reason

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# A chunk is of so many rows at most, and of about so many bytes or cells.
ROWS, BYTES, CELLS = 122_880, 2**26, 4_000_000
NULL, INTEGER, NEGATIVE, UNSIGNED = "null", "integer", "negative", "unsigned"
FLOAT, BOOLEAN, TEXT = "float", "boolean", "text"


def rewritten(files: Mapping[str, Path], folder: Path, most: int = ROWS) -> tuple[Path, ...]:
    """Each file, by the name that people know it by, as Parquet in `folder`; all of one schema. At most so
    many rows are read at a time.

    Raises InfrastructureError, naming the file and the line, for what is no CSV with one row a line and as
    many fields in each as the header has, or has other columns than the first."""
    shapes = {name: _shape(name, path) for name, path in files.items()}
    _require_alike(shapes)
    rows = {name: min(most, _rows(path, shapes[name])) for name, path in files.items()}
    kinds: dict[str, set[str]] = {}
    for name, path in files.items():
        for chunk in _chunks(name, path, rows[name], {}):
            for column in chunk.columns:
                found = kinds.setdefault(str(column), set())
                found |= {_kind(chunk[column])} if len(chunk) else set()
    return tuple(
        _written(name, path, rows[name], kinds, folder / f"{n:06}.parquet")
        for n, (name, path) in enumerate(files.items())
    )


def _shape(name: str, path: Path) -> Shape:
    try:
        return require_rectangle(path)
    except (ValueError, OSError) as error:
        raise InfrastructureError(f"cannot be read: {error}", where=name) from None


def _require_alike(shapes: Mapping[str, Shape]) -> None:
    first, expected = next(iter(shapes.items()))
    for name, shape in shapes.items():
        if shape.header != expected.header:
            told = f"its columns are {list(shape.header)}, those of {first} {list(expected.header)}"
            raise InfrastructureError(told, where=name)


def _rows(path: Path, shape: Shape) -> int:
    """How many rows are read at a time."""
    width = max(path.stat().st_size // max(shape.lines, 1), 1)
    return max(1, min(BYTES // width, CELLS // len(shape.header)))


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What a reader of hostile files raises, as an error that names the file."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except InfrastructureError:
        raise
    except Exception as error:
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=name) from None


def _chunks(name: str, path: Path, rows: int, types: Mapping[str, Any]) -> Iterator[pd.DataFrame]:
    import pandas as pd

    with (
        _told(name),
        closing(
            pd.read_csv(
                path, encoding="utf-8", low_memory=False, index_col=False, chunksize=rows, dtype=dict(types)
            )
        ) as chunks,
    ):
        yield from chunks


def _kind(column: pd.Series[Any]) -> str:
    """What pandas found in a chunk of a column."""
    if column.dtype.kind == "i":
        return NEGATIVE if (column < 0).any() else INTEGER
    if column.dtype.kind in "ub":
        return {"u": UNSIGNED, "b": BOOLEAN}[column.dtype.kind]
    known = column.dropna()
    if not len(known):
        return NULL
    if column.dtype.kind == "f":
        return FLOAT
    # Beside nulls, booleans are Python's; so are whole numbers beyond 64 bits, which are kept as written.
    return BOOLEAN if isinstance(known.iloc[0], bool) else TEXT


def _type(kinds: set[str]) -> pa.DataType:
    """What pandas would make of the whole column; of no rows it makes nothing."""
    import pyarrow as pa

    known = kinds - {NULL}
    if not kinds:
        return pa.null()
    if known and known <= {INTEGER, NEGATIVE}:
        return pa.int64()
    if known <= {INTEGER, NEGATIVE, FLOAT}:
        return pa.float64()
    if known == {BOOLEAN}:
        return pa.bool_()
    return pa.uint64() if kinds <= {INTEGER, UNSIGNED} else pa.string()


def _written(name: str, path: Path, rows: int, kinds: Mapping[str, set[str]], target: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column, _type(found)) for column, found in kinds.items()])
    read = {field.name: _read_as(field.type) for field in schema}
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with (
        _told(name),
        pq.ParquetWriter(target, schema, compression="lz4", use_dictionary=texts) as writer,
    ):
        for chunk in _chunks(name, path, rows, {k: v for k, v in read.items() if v}):
            writer.write_table(_table(chunk, schema), row_group_size=ROWS)
    return target


def _read_as(type: pa.DataType) -> str:
    """What pandas is told of a column; '' where what it finds in each chunk fits already."""
    import pyarrow as pa

    return "str" if pa.types.is_string(type) else "float64" if pa.types.is_floating(type) else ""


def _table(chunk: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    arrays: Sequence[Any] = [
        pa.array(chunk[field.name], type=field.type, from_pandas=True) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)

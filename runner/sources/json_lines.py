"""Files of JSON lines rewritten as Parquet, a block at a time.

Types are JSON's own: whole numbers, floats, booleans, texts, objects and lists of those. Nothing is guessed:
a date is a text. A key that a line lacks is null there. Arrow parses, whose recursion, leniency with NaN and
rounding of large numbers are caught before (runner/sources/json_line.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InfrastructureError
from runner.sources.json_line import Seen, require_fit, require_numbers, where_wrong
from runner.text import reason

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 2**24  # bytes read at a time, and of the longest line
ODD = 2.0**63  # from here on, a float may have been a whole number


def rewritten(files: Mapping[str, Path], folder: Path) -> tuple[Path, ...]:
    """Each file, by the name that people know it by, as Parquet in `folder`; all of one schema.

    Raises InfrastructureError, naming the file and the line, for a line that is no object, has a key twice,
    or a value of another type than the lines before."""
    import pyarrow as pa

    schema = pa.schema([])
    for name, path in files.items():
        for number, block in _blocks(name, path):
            schema = _merged(name, number, block, schema)
    if not schema.names:
        raise InfrastructureError("there are no keys in any line", where=next(iter(files)))
    return tuple(
        _written(name, path, schema, folder / f"{n:06}.parquet")
        for n, (name, path) in enumerate(files.items())
    )


def _blocks(name: str, path: Path) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole lines, each with the number of its first line."""
    number, rest = 1, b""
    with path.open("rb") as stream:
        while read := stream.read(BLOCK):
            whole, end, rest = (rest + read).rpartition(b"\n")
            if end:
                yield number, whole + end
                number += whole.count(end) + 1
            if len(rest) > BLOCK:
                raise InfrastructureError(f"line {number} is longer than {BLOCK:,} bytes", where=name)
    if rest.strip():
        yield number, rest


def _merged(name: str, number: int, block: bytes, before: pa.Schema) -> pa.Schema:
    """The schema of all lines so far. Raises InfrastructureError for what cannot be one table."""
    import pyarrow as pa

    try:
        lines = require_fit(block, number)
        found = _parsed(block, None)
        if len(found) != lines:
            raise ValueError("there is not one object in each line")
        if any(map(_is_odd, found.columns)):
            require_numbers(block, number)
        return _unified(before, pa.schema([(field.name, _plain(field.type)) for field in found.schema]))
    except (pa.ArrowException, ValueError, TypeError) as error:
        wrong = where_wrong(block, number, Seen.of(before)) or f"after line {number}: {reason(error)}"
        raise InfrastructureError(f"cannot be read: {wrong}", where=name) from None


def _parsed(block: bytes, schema: pa.Schema | None) -> pa.Table:
    from pyarrow import json

    if not block.strip():
        return (schema or _nothing()).empty_table()
    reading = json.ReadOptions(use_threads=False, block_size=len(block) + 1)
    parsing = json.ParseOptions(schema, False, "infer" if schema is None else "error")
    return json.read_json(io.BytesIO(block), reading, parsing)


def _is_odd(column: pa.ChunkedArray) -> bool:
    """Whether floats may stand for whole numbers beyond 64 bits, or for NaN and infinities: no JSON."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        return not pc.all(pc.less(pc.abs(column), ODD)).as_py() and column.null_count < len(column)
    if pa.types.is_struct(column.type):
        return any(map(_is_odd, column.flatten()))
    return pa.types.is_list(column.type) and _is_odd(pc.list_flatten(column))


def _nothing() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([])


def _plain(type: pa.DataType) -> pa.DataType:
    """Arrow takes texts that look like times for times."""
    import pyarrow as pa

    if pa.types.is_struct(type):
        return pa.struct([(field.name, _plain(field.type)) for field in type])
    if pa.types.is_list(type):
        return pa.list_(_plain(type.value_type))
    return pa.string() if pa.types.is_temporal(type) else type


def _unified(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Both schemas' columns in the order in which they appear; whole numbers beside floats are floats."""
    import pyarrow as pa

    types = {field.name: field.type for field in one}
    for field in other:
        types[field.name] = _both(types.get(field.name, pa.null()), field.type)
    return pa.schema(list(types.items()))


def _both(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if one.equals(other) or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return pa.struct(list(_unified(pa.schema(list(one)), pa.schema(list(other)))))
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(_both(one.value_type, other.value_type))
    if {str(one), str(other)} == {"int64", "double"}:
        return pa.float64()
    raise TypeError(f"{one} and {other} are in one column")


def _written(name: str, path: Path, schema: pa.Schema, target: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetWriter(target, schema, compression="lz4") as writer:
            for _, block in _blocks(name, path):
                writer.write_table(_parsed(block, schema).select(schema.names))
    except (pa.ArrowException, ValueError) as error:
        raise InfrastructureError(f"cannot be read: {reason(error)}", where=name) from None
    return target

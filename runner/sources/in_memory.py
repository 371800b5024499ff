"""A table in memory behind DuckDB, for what is asked of tables that cannot be asked where they lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from runner.errors import InfrastructureError
from runner.expect.columns import Column, column_of
from runner.expect.connection import connected
from runner.expect.duck import DuckTable
from runner.expect.parts import AT

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NAME = "in_memory"


def in_memory(frame: pd.DataFrame, names: Collection[str]) -> tuple[Mapping[str, Column], DuckTable]:
    """Some columns of a frame, and what computes asks over them. Raises as `arrow_of` does."""
    table, connection = arrow_of(frame, names), workspace()
    connection.register(NAME, table)
    columns = {name: column_of(name, str(table.schema.field(name).type)) for name in names}
    return columns, DuckTable(connection, NAME)


def workspace() -> Any:
    """A DuckDB of its own, whose times are those of UTC. Raises InfrastructureError where there is none."""
    if find_spec("duckdb") is None:
        raise InfrastructureError("DuckDB is not installed, which compares tables")
    connection = connected()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def arrow_of(frame: pd.DataFrame, names: Collection[str]) -> pa.Table:
    """Some columns of a frame and the rows' positions, as DuckDB calls them. Raises InfrastructureError where
    a column holds values of several types, or the frame is Spark's."""
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise InfrastructureError("on Spark, nothing but its suite can be asked")
    columns = {name: _array(frame[name], name) for name in names}
    return pa.table({**columns, AT: pa.array(range(len(frame)), pa.int64())})


def _array(column: pd.Series[Any], name: str) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # their messages hold values
        raise InfrastructureError(f"{name!r} holds values of several types") from None

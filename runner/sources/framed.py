"""A table in memory behind DuckDB, for what is asked of tables that cannot be asked where they lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from runner.errors import InfrastructureError
from runner.expect.columns import Column, column_of
from runner.expect.duck import DuckTable, connected
from runner.expect.parts import AT
from runner.text import reason

if TYPE_CHECKING:
    import pandas as pd

NAME = "in_memory"


def framed(frame: pd.DataFrame, names: Collection[str]) -> tuple[Mapping[str, Column], DuckTable]:
    """Some columns of a frame, and what computes asks over them. Raises InfrastructureError where a column
    holds values of several types."""
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame[list(names)], preserve_index=False)
        table = table.append_column(AT, pa.array(range(len(frame)), pa.int64()))
    except (pa.ArrowException, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InfrastructureError(f"cannot be compared: {reason(error)}") from None
    connection = connected()
    connection.register(NAME, table)
    columns = {name: column_of(name, str(table.schema.field(name).type)) for name in names}
    return columns, DuckTable(connection, NAME)

"""A DuckDB that believes no footer, reads nothing from elsewhere and keeps within its memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable
from runner.text import reason

# What these leave out because a footer says so is not seen: a footer ignores NaN, and trusts its writer.
TRUSTING = "filter_pushdown,statistics_propagation"
MEMORY = "1500MB"  # of DuckDB; beyond it, groups and fetched rows are spilled to disk


def connected(threads: int | None = None, memory: str = MEMORY) -> Any:
    """A DuckDB of its own, that fetches nothing from elsewhere, loads no extension, and spills what is beyond
    its `memory`."""
    import duckdb

    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        "memory_limit": memory,
        "temp_directory": f"{tempfile.gettempdir()}/lockgate-spilled-{uuid4()}",  # DuckDB makes it
    }
    connection = duckdb.connect(config=config | ({"threads": threads} if threads else {}))
    connection.execute(f"SET disabled_optimizers = '{TRUSTING}'")
    return connection


def guarded(compute: Callable[[], Any]) -> Any:
    """Raises Uncomputable for what is beyond DuckDB's types, InfrastructureError for anything else."""
    import duckdb

    try:
        return compute()
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise Uncomputable(f"cannot be computed: {reason(error)}", where="the table") from None
    except Exception as error:
        raise InfrastructureError(f"cannot be computed: {reason(error)}", where="the table") from None

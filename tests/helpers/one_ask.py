"""One expectation over one small table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runner.expect.duck import DuckTable, columns_of
from runner.expect.literals import Uncompiled
from runner.expect.planning import answers, plan


def asked(folder: Path, table: pa.Table | dict[str, Any], type: str, **kwargs: Any) -> tuple[bool, Any]:
    """Its answer; raises Uncompiled with the reason where it is left."""
    path = folder / "t.parquet"
    pq.write_table(pa.table(table), path)
    intent = plan({"it": (type, kwargs)}, columns_of(path))
    if intent.left:
        raise Uncompiled(intent.left["it"])
    return answers(intent, DuckTable.of(path))["it"]

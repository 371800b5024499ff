"""One file of a table, at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runner.adapters.files import sha256_file
from runner.adapters.tables import read_frame
from runner.errors import InfrastructureError
from runner.expect.asks import Asked
from runner.expect.columns import Column
from runner.expect.duck import DuckTable, columns_of
from runner.expect.footer import Trusting, footer_of
from runner.expect.literals import Uncompiled

if TYPE_CHECKING:
    import pandas as pd

NO_PARQUET = "its table is no Parquet"


@dataclass(frozen=True)
class File:
    """A file of a table; `where` is what lockgate.yml calls it. If `trusted`, its footer is believed."""

    path: Path
    where: str
    trusted: bool = False

    def columns(self) -> Mapping[str, Column] | Uncompiled:
        if self.path.suffix != ".parquet":
            return Uncompiled(NO_PARQUET)
        if find_spec("duckdb") is None:
            return Uncompiled("DuckDB is not installed")
        try:
            return columns_of(self.path)
        except Uncompiled as why:
            return why

    def asked(self) -> Asked:
        return self._asked

    @cached_property
    def _asked(self) -> Asked:
        table = DuckTable.of(self.path)
        return Trusting(footer_of([self.path]), table) if self.trusted else table

    def frame(self) -> pd.DataFrame:
        return read_frame(self.path, self.where)

    def digest(self) -> str:
        try:
            return sha256_file(self.path)
        except OSError as error:
            raise InfrastructureError(f"cannot be read: {error.strerror}", where=self.where) from None

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

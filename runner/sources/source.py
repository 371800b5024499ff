"""The seam between a table's place and its judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from runner.expect.asks import Asked
from runner.expect.columns import Column
from runner.expect.literals import Uncompiled

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """A table at hand. Every method raises InfrastructureError, naming the table, where it cannot be read."""

    def columns(self) -> Mapping[str, Column] | Uncompiled:
        """The columns in their order, or why nothing can be compiled over this table."""

    def asked(self) -> Asked:
        """What computes asks; opened once."""

    def frame(self) -> pd.DataFrame:
        """All rows, as Great Expectations is given them; the index counts from 0."""

    def digest(self) -> str:
        """A sha256 of what the table is now: taken before it is judged and again afterwards."""

    def size(self) -> int:
        """How many bytes it has where it lies."""

    def facts(self) -> Mapping[str, Any]:
        """What the manifest says of it besides: `part`, in words, where not all of it is what was judged."""

"""The tables of a stage that were read, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from runner.errors import InfrastructureError
from runner.sources.in_memory import workspace
from runner.stages.tables.further import Seen


@dataclass(frozen=True)
class Between:
    """What relations between tables are judged by. `tables`: those that could be read, by name; `used`: those
    that were asked for."""

    tables: Mapping[str, Seen]
    used: set[str] = field(default_factory=set)

    def seen(self, name: str) -> Seen:
        """A table; raises InfrastructureError for one that could not be read."""
        if name not in self.tables:
            raise InfrastructureError(f"table {name} could not be read")
        self.used.add(name)
        return self.tables[name]

    @cached_property
    def connection(self) -> Any:
        """A DuckDB for all of them. Raises as `workspace` does."""
        return workspace()

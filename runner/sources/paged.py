"""What Athena and Redshift have in common: queries without a connection, whose rows are told page by page."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from runner.errors import InfrastructureError
from runner.expect.asks import Uncomputable


class Paged:
    """A `sql.Session` by a service's queries. `lost` says why it cannot be asked any more; every later query
    raises the same."""

    where: str
    lost: str

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """All of a query's rows."""
        return [row for rows in self.batches(query) for row in rows]

    def batches(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """A query's rows, page by page."""
        if self.lost:
            raise InfrastructureError(self.lost, where=self.where)
        try:
            yield from self._pages(self._run(query))
        except Uncomputable:
            raise
        except InfrastructureError as error:
            self.lost = error.what
            raise InfrastructureError(error.what, where=self.where, hint=error.hint) from None

    @abstractmethod
    def _run(self, query: str) -> str:
        """A query that has ended well, by what the service calls it."""

    @abstractmethod
    def _pages(self, id: str) -> Iterator[list[tuple[Any, ...]]]:
        """Its rows."""

"""An expectation compiled: what it asks, and how the answers become Great Expectations' own result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.expect.asks import Ask, Found, Rows

Result = tuple[bool, Mapping[str, Any]]
Examples = Sequence[tuple[Any, ...]]


def no_rows(found: Found) -> Rows | None:
    return None


@dataclass(frozen=True, slots=True)
class Compiled:
    """`asks` are answered together with all other expectations'. `rows` says, once they are, which rows are
    looked at again (None: none); `conclude` gives success and the `result` object, from the answers and those
    rows: (position, value, ...); it raises Uncompiled where they show that it cannot."""

    asks: tuple[Ask, ...]
    conclude: Callable[[Found, Examples], Result]
    rows: Callable[[Found], Rows | None] = no_rows

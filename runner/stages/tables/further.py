"""What lockgate.yml asks of a table beside its suite: one file a kind, one line in `FURTHER`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from runner.config.data import TableSource
from runner.errors import LockgateError
from runner.model import Check, Plot, Status, Table
from runner.sources.source import Source
from runner.stages import StageJob
from runner.stages.tables.answering import Answered
from runner.stages.tables.masking import unquoted
from runner.text import one_line

# The field of a table in lockgate.yml -> the module that judges it, imported when it is asked for.
FURTHER: Mapping[str, str] = {
    "contract": "runner.stages.tables.contract",
    "freshness": "runner.stages.tables.freshness",
    "volume": "runner.stages.tables.volume",
    "drift": "runner.stages.tables.drift",
    "skew": "runner.stages.tables.skew",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A table that was read and answered; `digest`: of what it was before."""

    job: StageJob
    name: str
    config: TableSource
    source: Source
    answered: Answered
    scratch: Path
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a kind found: a check for each of its ids, in their order, and what people look at."""

    checks: tuple[Check, ...]
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()


class Kind(Protocol):
    """A module of FURTHER."""

    def ids(self, root: Path, name: str, config: TableSource) -> tuple[str, ...]:
        """The checks that are due, known before any table is read."""

    def judge(self, seen: Seen) -> Findings:
        """Raises LockgateError where nothing can be told: then all of its checks are ERROR."""


def asked_of(config: TableSource) -> Iterator[tuple[str, Kind]]:
    """The kinds that a table's configuration asks for."""
    for name, module in FURTHER.items():
        if getattr(config, name) is not None:
            kind: Any = import_module(module)
            yield name, kind


def due(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """The ids of all of a table's further checks."""
    return tuple(id for _, kind in asked_of(config) for id in kind.ids(root, name, config))


def further(seen: Seen) -> dict[str, Findings]:
    """What each kind found, by its name; what a kind cannot tell is ERROR in all of its checks."""
    return {name: _found(kind, seen) for name, kind in asked_of(seen.config)}


def _found(kind: Kind, seen: Seen) -> Findings:
    try:
        return kind.judge(seen)
    except (LockgateError, OSError) as error:
        cause = unquoted(one_line(str(error).splitlines()[0]), seen.config.sensitive)
        ids = kind.ids(seen.job.root, seen.name, seen.config)
        return Findings(tuple(Check(id, Status.ERROR, seen.config.source, cause=cause) for id in ids))

"""A table's place in lockgate.yml -> the table at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.adapters.tables import Download, locate
from runner.config.data import Connection, TableSource
from runner.sources.databases import Databases
from runner.sources.files import File
from runner.sources.source import Source


@dataclass(frozen=True, slots=True)
class Places:
    """What tables are looked for in: the solution's folder, databases, S3 by `fetch`; `scratch` is for
    what has to be fetched or rewritten first, a folder a table."""

    root: Path
    scratch: Path
    fetch: Download
    connections: Mapping[str, Connection] = field(default_factory=dict)
    databases: Databases = field(default_factory=Databases)


def opened(name: str, config: TableSource, places: Places) -> Source:
    """The table, found but not read. Raises UsageError for a place that may not be read,
    InfrastructureError where nothing is there."""
    if table := places.databases.table(config.source):
        return table
    folder = places.scratch / name
    folder.mkdir(exist_ok=True)
    path = locate(places.root, config.source, folder, places.fetch)
    return File(path, config.source, config.trust_footer)

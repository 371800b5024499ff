"""A table's place in lockgate.yml -> the table at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.adapters.files import sha256_file
from runner.config.data import Connection, TableSource
from runner.errors import InfrastructureError, UsageError
from runner.expect.columns import Column
from runner.expect.literals import Uncompiled
from runner.model import NOT_HANDED, Earlier
from runner.sources.changed import Before, Part, changed
from runner.sources.databases import Databases
from runner.sources.files import Files
from runner.sources.formats import PARQUET, format_of, format_of_all
from runner.sources.listing import Item, Place
from runner.sources.local import local
from runner.sources.remote import SCHEME, Remote, in_s3
from runner.sources.source import Source


@dataclass(frozen=True, slots=True)
class Places:
    """What tables are looked for in: the solution's folder, S3 by `remote`, databases; `scratch` is for what
    has to be fetched or rewritten first, a folder a table. `earlier`: what the last runs that passed knew."""

    root: Path
    scratch: Path
    remote: Remote
    connections: Mapping[str, Connection] = field(default_factory=dict)
    databases: Databases = field(default_factory=Databases)
    earlier: Earlier = NOT_HANDED


def opened(name: str, config: TableSource, places: Places) -> Source:
    """The table, found but not read. Raises UsageError for a place that may not be read,
    InfrastructureError where nothing is there."""
    folder = places.scratch / name
    folder.mkdir(exist_ok=True)
    if table := places.databases.table(config.source):
        if config.partitions == "changed":
            raise UsageError("`partitions: changed` is of tables of files", where=config.source)
        return table
    place, items = _found(places.databases.located(config).source, places)
    if config.partitions == "all":
        return Files(place, items, Part(items), folder, config.trust_footer)

    def content(item: Item) -> str:
        """What S3 says of a file's content; of one at hand, its digest."""
        return f"{item.tag} {item.size}" if item.tag else sha256_file(place.brought((item,), folder)[0])

    part = changed(items, content, _asked(config, places.root), _before(name, config, places.earlier))
    return Files(place, items, part, folder, config.trust_footer)


def glanced(root: Path, source: str) -> Mapping[str, Column] | Uncompiled:
    """The columns of a table below `root`, as far as they are known before it is read: Parquet's. Raises as
    `opened` does, InfrastructureError also for what has to be read first."""
    place = local(root, source)
    items = place.items()
    form = format_of_all([item.name for item in items])
    if form.kind != PARQUET:
        raise InfrastructureError(f"it is {form.kind}, whose rows say what their types are", where=source)
    return Files(place, items, Part(items), root).columns()


def _found(source: str, places: Places) -> tuple[Place, tuple[Item, ...]]:
    """What lies there, of one format."""
    place = in_s3(places.remote, source) if source.startswith(SCHEME) else local(places.root, source)
    if place.wanted.is_one:
        format_of(source)
    items = place.items()
    format_of_all([item.name for item in items])
    return place, items


def _asked(config: TableSource, root: Path) -> str:
    """A digest of all that lockgate.yml asks of a table, and of the files that it names for that."""
    files = (root / path for path in _named(config))
    told = [sha256_file(path) if path.is_file() else "" for path in files]
    return hashlib.sha256(f"{' '.join(told)} {config.model_dump_json()}".encode()).hexdigest()


def _named(config: TableSource) -> Iterator[str]:
    """What it is compared with: its suite, a contract, training data, raw rows."""
    yield config.suite
    if config.contract:
        yield config.contract.columns
    if config.drift:
        yield config.drift.against
    if config.skew:
        yield config.skew.raw


def _before(name: str, config: TableSource, earlier: Earlier) -> Before:
    if not earlier.runs:
        return Before(why=earlier.unknown or "no earlier run passed")
    last = earlier.runs[0]
    known = last.tables.get(name)
    if known is None or known.source != config.source or not known.files:
        return Before(why=f"run {last.run_id} knew none of them")
    return Before(last.run_id, known.files)

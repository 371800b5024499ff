"""Which table is meant: a path, or the name of one in lockgate.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from runner.config.data import Connection, TableSource
from runner.config.load import FILE, load_alone
from runner.config.schema import DataStage
from runner.errors import UsageError

SUITES = "suites/data"


@dataclass(frozen=True, slots=True)
class Place:
    """A table: its name, where it is looked for under `root`, and where its suite would lie, relative to the
    solution."""

    name: str
    root: Path
    config: TableSource
    connections: Mapping[str, Connection] = field(default_factory=dict)

    @property
    def sensitive(self) -> tuple[str, ...]:
        return self.config.sensitive


def place_of(table: str, solution: Path) -> Place:
    """The table of this path or name. Raises UsageError, with what was perhaps meant, where there is none."""
    if _is_path(table):
        return _path(table)
    named = tables_of(solution)
    if not named:
        hint = f"name a file (.parquet, .csv, .jsonl), or a table of {FILE}'s data stages"
        raise UsageError(f"there is no table {table!r}", hint=hint)
    if table not in named:
        near = get_close_matches(table, named, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(named)}"
        raise UsageError(f"there is no table {table!r}", hint=hint)
    config, connections = named[table]
    return Place(table, solution, config, connections)


def tables_of(solution: Path) -> dict[str, tuple[TableSource, Mapping[str, Connection]]]:
    """The tables of all data stages by name, {} where the folder is no solution. Of two stages' tables of one
    name, the first. Their suites need not be there yet."""
    if not (solution / FILE).is_file():
        return {}
    stages = [stage for stage in load_alone(solution).stages.values() if isinstance(stage, DataStage)]
    each = [(name, (config, stage.connections)) for stage in stages for name, config in stage.tables.items()]
    return dict(reversed(each))


def _is_path(table: str) -> bool:
    return "/" in table or table.startswith("s3:") or bool(Path(table).suffix) or Path(table).exists()


def _path(table: str) -> Place:
    """A path from here, or from anywhere: tables of a solution lie within it, one that is named does not have
    to."""
    inside = table.startswith("s3:") or (Path.cwd() / table).resolve().is_relative_to(Path.cwd().resolve())
    root, source = (Path.cwd(), table) if inside else (Path("/"), str(Path(table).absolute()).lstrip("/"))
    name = _name(table)
    return Place(name, root, TableSource(source=source, suite=f"{SUITES}/{name}.json"))


def _name(table: str) -> str:
    """The last part of a path that is no pattern, without its ending."""
    parts = [part for part in Path(table).parts if not set("*?[") & set(part) and part.strip("./\\")]
    return parts[-1].split(".")[0].split("=")[0] or "table" if parts else "table"

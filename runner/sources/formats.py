"""Formats of tables' files, by their names' endings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import UsageError

PARQUET, CSV, JSON_LINES = "Parquet", "CSV", "JSON lines"
ENDINGS = {".parquet": PARQUET, ".csv": CSV, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}
PACKED = ".gz"
ALLOWED = "a table's files end in .parquet, .csv, .jsonl or .ndjson; the last three may be packed: .csv.gz"


@dataclass(frozen=True, slots=True)
class Format:
    """`kind` is one of those above; `packed`: by gzip."""

    kind: str
    packed: bool = False


def format_of(name: str) -> Format:
    """The format of a file of this name; raises UsageError for any that is not known."""
    plain = name.removesuffix(PACKED)
    for ending, kind in ENDINGS.items():
        if plain.endswith(ending) and (plain == name or kind != PARQUET):
            return Format(kind, plain != name)
    raise UsageError(ALLOWED, where=name)


def format_of_all(names: Sequence[str]) -> Format:
    """The one format of a table's files; raises UsageError where there are two, naming the first of the
    second."""
    first = format_of(names[0])
    for name in names:
        if format_of(name) != first:
            raise UsageError(f"the files of a table have one format, and {names[0]} has another", where=name)
    return first

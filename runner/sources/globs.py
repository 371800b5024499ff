"""Sources that stand for many files: `data/2024-*.parquet`, `data/**/part-*.csv`, `data/flights/`.

`*` and `?` stand for anything within a name, `**` for any folders, `[...]` for one of some characters. Names
are those of Unix paths and of S3's keys alike. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

WILD = re.compile(r"[*?\[]")
EVERYTHING = "**"
# What Spark and Hive leave lying beside data; a partition's folder may begin so all the same.
HIDDEN = ("_", ".")
# Beside these, files alone do not say which of them the table is made of.
LOGS = {"_delta_log": "a Delta table", ".hoodie": "a Hudi table"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files below the folder `base` whose names there fit `pattern`; without one, the file `base` itself."""

    base: str
    pattern: str = ""

    @property
    def is_one(self) -> bool:
        return not self.pattern

    @property
    def beginning(self) -> str:
        """What every name begins with."""
        if self.is_one:
            return self.base
        wild = WILD.search(self.pattern)
        return f"{self.base}/{self.pattern[: wild.start() if wild else None]}".lstrip("/")

    def fits(self, name: str) -> bool:
        """Whether a file of this name below the base is one of them."""
        parts = name.split("/")
        return not any(map(is_hidden, parts)) and _fit(parts, self.pattern.split("/"))

    def leads(self, folder: str) -> bool:
        """Whether files that are wanted may lie in a folder below the base, so far as its name says."""
        parts, patterns = folder.split("/"), self.pattern.split("/")
        for part, pattern in zip(parts, patterns, strict=False):
            if pattern == EVERYTHING:
                return True
            if not fnmatchcase(part, pattern):
                return False
        return len(parts) < len(patterns)


def wanted(source: str, *, is_folder: bool = False, is_file: bool = False) -> Wanted:
    """What a source asks for. A file that is there is meant, whatever characters its name has."""
    if is_folder or (source.endswith("/") and not WILD.search(source)):
        return Wanted(source.rstrip("/"), EVERYTHING)
    if is_file or not WILD.search(source):
        return Wanted(source)
    fixed = source.split("/")
    first = next(n for n, part in enumerate(fixed) if WILD.search(part))
    return Wanted("/".join(fixed[:first]), "/".join(fixed[first:]))


def is_hidden(part: str) -> bool:
    """Whether a file or folder of this name is no part of a table."""
    return part.startswith(HIDDEN) and "=" not in part


def _fit(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Name by name; EVERYTHING stands for any number of folders, and at the end for what is in them."""
    if not patterns or not parts:
        return not patterns and not parts
    if patterns[0] == EVERYTHING:
        return len(patterns) == 1 or _fit(parts, patterns[1:]) or _fit(parts[1:], patterns)
    return fnmatchcase(parts[0], patterns[0]) and _fit(parts[1:], patterns[1:])

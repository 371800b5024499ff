"""CSV files whose rows all have as many fields as the header, and nothing in them that readers differ on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

LONGEST = 2**24  # characters of a line
WIDEST = 10_000  # columns
BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """A CSV file's columns as its header names them, and how many lines it has."""

    header: tuple[str, ...]
    lines: int


class _Lines:
    """The lines of a text stream, counted."""

    def __init__(self, stream: IO[str]) -> None:
        self._read, self.number = partial(stream.readline, LONGEST), 0

    def __iter__(self) -> Iterator[str]:
        for line in iter(self._read, ""):
            self.number += 1
            if len(line) == LONGEST:
                raise ValueError(f"line {self.number} is longer than {LONGEST:,} characters")
            if "\0" in line:
                raise ValueError(f"line {self.number} has a NUL in it")
            yield line


def require_rectangle(path: Path) -> Shape:
    """The shape of a CSV file. Raises ValueError, naming the line, unless it is UTF-8 and every row has as
    many fields as the header, which names each column once. A line with nothing but blanks is no row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _shape(_Lines(stream))
    except UnicodeDecodeError:
        raise ValueError(f"line {_undecoded(path)} is not UTF-8") from None


def _shape(lines: _Lines) -> Shape:
    each = iter(lines)
    header = _fields(lines, each)
    if not any(name.strip(BLANK) for name in header):
        raise ValueError("the header is empty")
    if len(header) > WIDEST:
        raise ValueError(f"the header has {len(header):,} columns, more than {WIDEST:,}")
    if len(set(header)) < len(header):
        double = next(name for name in header if header.count(name) > 1)
        raise ValueError(f"the header names a column twice: {double!r}")
    for line in each:
        begun = lines.number
        quoted = '"' in line
        fields = len(_fields(lines, chain((line,), each))) if quoted else line.count(",") + 1
        if fields != len(header) and line.strip(BLANK):
            raise ValueError(f"line {begun} has {fields:,} fields, the header {len(header):,}")
    return Shape(tuple(header), lines.number)


def _fields(lines: _Lines, each: Iterator[str]) -> list[str]:
    """One row, which takes as many lines as its quotes say."""
    begun = max(lines.number, 1)
    try:
        return next(csv.reader(each, strict=True), [])
    except csv.Error as error:
        told = "a quote is not closed" if lines.number > begun or "end of data" in str(error) else str(error)
        raise ValueError(f"line {begun}: {told}") from None


def _undecoded(path: Path) -> int:
    """The number of the first line that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0

"""CSV files whose rows all have as many fields as the header, and nothing in them that readers differ on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO

STEP, LONGEST = 2**20, 2**24  # characters read at a time, and of the longest line
WIDEST = 10_000  # columns
BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """A CSV file's columns as its header names them, and how many lines it has."""

    header: tuple[str, ...]
    lines: int


class _Lines:
    """The lines of a text stream, counted; a block at a time, of which those with nothing odd are not looked
    at line by line."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self.number = stream, 0
        self._block: list[str] = []
        self._at = 0

    def __iter__(self) -> Iterator[str]:
        while self._at < len(self._block) or self._read(0):
            line = self._block[self._at]
            self._at += 1
            self.number += 1
            if "\0" in line:
                raise ValueError(f"line {self.number} has a NUL in it")
            yield line

    def skip(self, width: int) -> None:
        """Go on to the first block that has more in it than rows of so many fields without quotes."""
        if self._at == len(self._block):
            self._read(width)

    def _read(self, width: int) -> bool:
        """The next block, if there is one; plain ones are counted and passed over."""
        while text := self._text():
            if not (count := _plain(text, width)):
                self._block, self._at = list(StringIO(text, newline="")), 0
                return True
            self.number += count
        self._block, self._at = [], 0
        return False

    def _text(self) -> str:
        text = self._stream.read(STEP)
        end = "" if not text or text.endswith("\n") else self._stream.readline(LONGEST - STEP)
        if len(end) == LONGEST - STEP:
            at = self.number + text.count("\n") + 1
            raise ValueError(f"line {at} is longer than {LONGEST:,} characters")
        return text + end


def _plain(text: str, width: int) -> int:
    """How many rows of so many fields a text has; 0 where it is not made of those alone."""
    text = text.replace("\r\n", "\n")
    if any(odd in text for odd in '"\0\r'):
        return 0
    rows = text.removesuffix("\n").split("\n")
    return len(rows) if {row.count(",") for row in rows} == {width - 1} else 0


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
    lines.skip(len(header))
    for line in each:
        begun = lines.number
        quoted = '"' in line
        fields = len(_fields(lines, chain((line,), each))) if quoted else line.count(",") + 1
        if fields != len(header) and line.strip(BLANK):
            raise ValueError(f"line {begun} has {fields:,} fields, the header {len(header):,}")
        lines.skip(len(header))
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

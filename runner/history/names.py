"""Version names and the keys under which records lie. Pure.

A version is the UTC date on which its content was first seen and a sequence within that day:
2026.11.22-1. Dates never run backwards along a history, whatever a machine's clock says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from runner.errors import InfrastructureError

PATTERN = re.compile(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})-([1-9][0-9]{0,8})")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
SLOT = re.compile(r"([0-9]{8})\.json")
COMMIT_DIGITS = 7


@dataclass(frozen=True, slots=True, order=True)
class CalVer:
    """A calendar version; they sort in the order in which they were given."""

    day: date
    sequence: int

    def __str__(self) -> str:
        return f"{self.day.year:04}.{self.day.month:02}.{self.day.day:02}-{self.sequence}"


def parse(text: str) -> CalVer:
    """A version's name as data; raises InfrastructureError for anything else."""
    match = PATTERN.fullmatch(text)
    try:
        if match is not None:
            return CalVer(date(int(match[1]), int(match[2]), int(match[3])), int(match[4]))
    except ValueError:  # no such day
        pass
    raise InfrastructureError(f"{text[:80]!r} is no version", where="history")


def is_version(text: str) -> bool:
    """Whether a history gave this name; one that no history numbers goes by its digest."""
    return PATTERN.fullmatch(text) is not None


def following(last: CalVer | None, today: date) -> CalVer:
    """The version after `last`. The later of the two days: a clock that is behind gives no name twice."""
    if last is None or last.day < today:
        return CalVer(today, 1)
    return CalVer(last.day, last.sequence + 1)


def release_name(version: CalVer, commit: str) -> str:
    """A release's name: the version, and the commit that it is ('' where it is none's)."""
    return f"{version}+{commit[:COMMIT_DIGITS]}" if commit else str(version)


def slot(folder: str, number: int) -> str:
    """The key of a log's n-th record."""
    return f"{folder}/{number:08}.json"


def word(text: str) -> str:
    """A text that is safe as one part of a key; raises InfrastructureError for any other."""
    if WORD.fullmatch(text) is None:
        raise InfrastructureError(f"{text[:80]!r} is no name for a record", where="history")
    return text

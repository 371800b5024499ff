"""What a verification looked at, and what it found: one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """OK; REFUSED: it does not hold; UNKNOWN: it could not be told; NOTE: it was not asked for."""

    OK = "ok"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was checked, and the one line that says how it came out."""

    what: str
    outcome: Outcome
    detail: str


def finding(what: str, holds: bool, detail: str) -> Finding:
    """A finding of something that holds or does not."""
    return Finding(what, Outcome.OK if holds else Outcome.REFUSED, detail)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 all holds, 1 something is refused, 3 something could not be told."""
    seen = {found.outcome for found in findings}
    if Outcome.REFUSED in seen:
        return 1
    return 3 if Outcome.UNKNOWN in seen or Outcome.OK not in seen else 0

"""What a model stage's verdict rests on: each check that could have stopped it, and who the champion is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.model import Check, StageResult, Status
from runner.text import one_line

SHOWN = 60
PLAIN = (Status.PASSED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Statement:
    """One check: what was found, and beside it how many rows would tell more, or what was required."""

    check: Check
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Basis:
    """Statements, comparisons first; who the champion is ('' where there is none); how many are left out."""

    statements: tuple[Statement, ...]
    champion: str
    more: int


def basis(result: StageResult) -> Basis | None:
    """Of a model stage; None of another kind, or of one that has no checks."""
    if result.kind != "model" or result.report is None or not result.checks:
        return None
    told = sorted(_gating(result.checks), key=lambda check: not check.id.startswith("champion/"))
    facts = result.report.evidence.facts
    shown = tuple(map(_statement, told[:SHOWN]))
    return Basis(shown, _champion(facts), max(0, len(told) - SHOWN))


def _gating(checks: tuple[Check, ...]) -> Iterator[Check]:
    """Every check but single slices that did not fail: their rule's own check speaks for them."""
    for check in checks:
        if not (check.status in PLAIN and _of_a_slice(check)):
            yield check


def _of_a_slice(check: Check) -> bool:
    """`RULE/COLUMN=VALUE/METRIC`, as `slices/origin=JFK/roc_auc`, or an expression's name instead; not the
    rule's own, which says how many slices were judged."""
    kind, _, rest = check.id.partition("/")
    if kind == "slices" and (check.limit or check.measured):
        return "slices judged" not in check.measured
    return "=" in rest.rpartition("/")[0]


def _statement(check: Check) -> Statement:
    limit = f"required: {check.limit}" if check.limit else ""
    if check.status is Status.PASSED:
        last = (
            check.details.strip().splitlines()[0]
            if check.id.startswith("champion/") and check.details
            else ""
        )
        return Statement(check, check.measured or "holds", last or limit)
    return Statement(check, check.cause or check.measured, limit)


def _champion(facts: Mapping[str, Any]) -> str:
    """What the evidence calls the champion: its environment, release, version and digest, or its file."""
    told = facts.get("champion")
    if not isinstance(told, Mapping):
        return ""
    parts = (f"{name} {_short(value)}" for name, value in told.items() if isinstance(value, str | int))
    return one_line(", ".join(parts), 400)


def _short(value: str | int) -> str:
    """A digest by its first twelve characters, as everywhere."""
    text = str(value)
    digest = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return text[:12] if digest else text

"""What runs where, in lines and as data (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.release.lease import Holding
from runner.release.records import Outcome, Release
from runner.text import clean

SHOWN = 12


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment. `good` is the release that runs, None before the first; `last` the newest of all,
    with its outcome; `holding` who changes it now; `differences` how what runs differs from `good`."""

    name: str
    stack_name: str
    good: Release | None
    since: str
    last: Release | None
    outcome: Outcome | None
    holding: Holding | None
    differences: Sequence[str]

    @property
    def agrees(self) -> bool:
        return not self.differences


def lines(status: EnvironmentStatus) -> list[str]:
    """For people; whatever a ledger holds does nothing to their terminals."""
    return [clean(line).replace("\n", " ") for line in _lines(status)]


def _lines(status: EnvironmentStatus) -> list[str]:
    good = status.good
    if good is None:
        return [f"{status.name}: nothing was deployed yet", *_trouble(status)]
    head = f"{status.name}: release {good.number} {good.name or good.id}, {good.kind}"
    return [
        f"{head}, since {status.since} by {good.by} (stack {status.stack_name})",
        *([f"  {good.note}"] if good.note else []),
        *_parts(good),
        *_trouble(status),
    ]


def _parts(release: Release) -> list[str]:
    parts = release.content.parts
    width = max((len(name) for name in parts), default=0)
    versions = max((len(part.version) for part in parts.values()), default=0)
    return [
        f"  {name:<{width}}  {part.version:<{versions}}  sha256:{(part.deployed or part.sha256)[:SHOWN]}"
        for name, part in parts.items()
    ]


def _trouble(status: EnvironmentStatus) -> list[str]:
    """What is under way, was cut off, failed last, or does not agree."""
    found = []
    if status.holding:
        found.append(
            f"  under way: {status.holding.what}, by {status.holding.by}, since {status.holding.since}"
        )
    last, ended = status.last, status.outcome
    if last and not ended and not status.holding:
        found.append(f"  release {last.number} ({last.kind}) was cut off: run it again, or another one")
    found += [f"  DIFFERS: {line}" for line in status.differences]
    if last and ended and ended.cause:
        back = ", what ran before was brought back" if ended.restored else ""
        found.append(f"  last: release {last.number} {ended.ended} at {ended.when}{back}: {ended.cause}")
    return found


def entry(status: EnvironmentStatus) -> dict[str, Any]:
    """For machines."""
    good = status.good
    return {
        "environment": status.name,
        "stack": status.stack_name,
        "release": asdict(good) if good else None,
        "since": status.since,
        "last": asdict(status.last) if status.last else None,
        "outcome": asdict(status.outcome) if status.outcome else None,
        "under_way": asdict(status.holding) if status.holding else None,
        "differences": list(status.differences),
    }

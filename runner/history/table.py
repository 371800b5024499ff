"""The history as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from runner.history.records import Judgement, Release, Version
from runner.text import one_line

NO_VERSIONS = "no versions yet: lockgate build gives the first ones"
WIDEST = 60
# sha256 of a content -> the environments in which it runs. Not the version: another history's may be of other
# bytes.
Running = Mapping[str, Sequence[str]]


def version_lines(
    versions: Sequence[Version], judgements: Mapping[str, Judgement], running: Running
) -> list[str]:
    """A component's versions as a table, newest first; where it runs is a column once anything does."""
    head = ["VERSION", "DIGEST", "COMMIT", "WHEN", "BY", "VERDICT"]
    rows = [_row(version, judgements.get(version.version)) for version in reversed(versions)]
    if running:
        head.append("RUNS IN")
        places = [", ".join(running.get(version.sha256, ())) for version in reversed(versions)]
        rows = [[*row, place] for row, place in zip(rows, places, strict=True)]
    return _aligned([head, *rows])


def release_lines(releases: Sequence[Release]) -> list[str]:
    """The releases as a table, newest first."""
    rows = [[r.release, _when(r.when), _by(r.by), r.run_id] for r in reversed(releases)]
    return _aligned([["RELEASE", "WHEN", "BY", "RUN"], *rows])


def version_entries(
    versions: Sequence[Version], judgements: Mapping[str, Judgement], running: Running
) -> list[dict[str, Any]]:
    """The same for machines: every field, and the verdict (null where no complete run has judged it)."""
    found = []
    for version in reversed(versions):
        judged = judgements.get(version.version)
        entry = {**asdict(version), "verdict": asdict(judged) if judged else None}
        found.append(entry | ({"runs_in": list(running.get(version.sha256, ()))} if running else {}))
    return found


def _row(version: Version, judged: Judgement | None) -> list[str]:
    commit = version.commit[:7] + ("*" if version.clean is False else "")
    verdict = judged.status if judged else "-"
    return [
        version.version,
        version.sha256[:12],
        commit or "-",
        _when(version.when),
        _by(version.by),
        verdict,
    ]


def _when(text: str) -> str:
    """'2026-11-22 23:10Z' of an ISO 8601 time in UTC."""
    return f"{text[:16].replace('T', ' ')}Z"


def _by(text: str) -> str:
    """A person or a pipeline; of an ARN what comes after the account."""
    return text.rpartition(":")[2] or "-"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of one width each; a record's text is made fit to be shown here, once for all."""
    shown = [[one_line(cell, WIDEST) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]

"""The history as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from runner.history.records import Judgement, Release, Version
from runner.text import one_line

NO_VERSIONS = "no versions yet: lockgate build gives the first ones"
Running = Mapping[str, Sequence[str]]  # version -> the environments in which it runs


def version_lines(
    versions: Sequence[Version], judgements: Mapping[str, Judgement], running: Running
) -> list[str]:
    """A component's versions as a table, newest first; where it runs is a column once anything does."""
    head = ["VERSION", "DIGEST", "COMMIT", "WHEN", "BY", "VERDICT"]
    rows = [_row(version, judgements.get(version.version)) for version in reversed(versions)]
    if running:
        head.append("RUNS IN")
        rows = [[*row, ", ".join(running.get(row[0], ()))] for row in rows]
    return _aligned([head, *rows])


def release_lines(releases: Sequence[Release]) -> list[str]:
    """The releases as a table, newest first."""
    rows = [
        [one_line(r.release, 60), _when(r.when), _by(r.by), one_line(r.run_id)] for r in reversed(releases)
    ]
    return _aligned([["RELEASE", "WHEN", "BY", "RUN"], *rows])


def version_entries(
    versions: Sequence[Version], judgements: Mapping[str, Judgement], running: Running
) -> list[dict[str, Any]]:
    """The same for machines: every field, and the verdict (null where no complete run has judged it)."""
    found = []
    for version in reversed(versions):
        judged = judgements.get(version.version)
        entry = {**asdict(version), "verdict": asdict(judged) if judged else None}
        found.append(entry | ({"runs_in": list(running.get(version.version, ()))} if running else {}))
    return found


def _row(version: Version, judged: Judgement | None) -> list[str]:
    commit = one_line(version.commit[:7], 7) + ("*" if version.clean is False else "")
    verdict = one_line(judged.status, 20) if judged else "-"
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
    return f"{one_line(text, 40)[:16].replace('T', ' ')}Z"


def _by(text: str) -> str:
    """A person or a pipeline; of an ARN what comes after the account."""
    return one_line(text.rpartition(":")[2] or "-", 40)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

"""Whether a table has about as many rows as it had in the last runs that passed.

Compared with their median, which one odd run does not move, as a share of it: the width that is allowed is
what lockgate.yml says. A width of the counts' own spread (their MAD) is not used: of ten counts it is a rough
guess, and of a table that never changed it is nothing.
"""

from __future__ import annotations

from math import ceil, floor
from pathlib import Path
from statistics import median

from runner.config.data import TableSource, Volume
from runner.errors import InfrastructureError
from runner.model import Check, Status
from runner.stages.tables.further import Findings, Seen


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """One check, `TABLE/volume`."""
    return (f"{name}/volume",)


def judge(seen: Seen) -> Findings:
    """FAILED for a loss or a gain beyond the bounds. PASSED, and said, as long as fewer than `least` runs
    passed: else no first run could. Raises InfrastructureError where the earlier runs cannot be told."""
    volume = seen.config.volume
    assert volume is not None  # noqa: S101  it is why this was called
    counts, rows = _earlier(seen, volume.runs), seen.answered.rows
    if len(counts) < volume.least:
        return _found(seen, Status.PASSED, f"no history yet: {_runs(len(counts))} of {volume.least}")
    usual = median(counts)
    if not usual:
        raise InfrastructureError(f"it was empty in most of {_runs(len(counts))}: that shows nothing")
    cause = _beyond(rows, usual, volume)
    told = f"the median of {_runs(len(counts))}, {_number(usual)}"
    status = Status.FAILED if cause else Status.PASSED
    found = _found(seen, status, cause and f"{rows:,} rows, {cause} than {told}", _bounds(usual, volume))
    return Findings(found.checks, facts={"median": usual, "runs": len(counts)})


def _earlier(seen: Seen, runs: int) -> list[int]:
    """The table's rows in the earlier runs, of the same place and read in the same way."""
    earlier = seen.job.earlier
    if earlier.unknown:
        raise InfrastructureError(f"there is nothing to compare its rows with: {earlier.unknown}")
    found = (run.tables.get(seen.name) for run in earlier.runs)
    like = (seen.config.source, seen.source.facts().get("partitions", "all"))
    return [facts.rows for facts in found if facts and (facts.source, facts.partitions) == like][:runs]


def _beyond(rows: int, usual: float, volume: Volume) -> str:
    """How far a number of rows is beyond its bounds; '' where it is not."""
    change = (rows - usual) / usual
    if volume.shrink is not None and -change > volume.shrink:
        return f"{-change:.1%} fewer"
    if volume.grow is not None and change > volume.grow:
        return f"{change:.1%} more"
    return ""


def _bounds(usual: float, volume: Volume) -> str:
    """The bounds as whole rows; what floats make of a share is rounded away first."""
    least = f"at least {ceil(round(usual * (1 - volume.shrink), 6)):,}" if volume.shrink is not None else ""
    most = f"at most {floor(round(usual * (1 + volume.grow), 6)):,}" if volume.grow is not None else ""
    return " and ".join(filter(None, (least, most))) + " rows"


def _found(seen: Seen, status: Status, cause: str, limit: str = "") -> Findings:
    measured = f"{seen.answered.rows:,} rows"
    id = f"{seen.name}/volume"
    return Findings((Check(id, status, seen.config.source, cause=cause, measured=measured, limit=limit),))


def _runs(count: int) -> str:
    return "1 run that passed" if count == 1 else f"{count} runs that passed"


def _number(rows: float) -> str:
    return f"{rows:,.1f}".removesuffix(".0")

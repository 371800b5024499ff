"""One table judged: read, answered, looked at again, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from runner.config.data import TableSource
from runner.errors import LockgateError
from runner.model import Check, Judged, Plot, Status, Table
from runner.sources.opening import Places
from runner.stages import StageJob
from runner.stages.tables.checks import judge, unjudged
from runner.stages.tables.evidence import kept_of, table_of
from runner.stages.tables.further import Findings, Seen, due, further
from runner.stages.tables.limits import limits_of
from runner.stages.tables.masking import unquoted
from runner.stages.tables.reading import Reading
from runner.stages.tables.suite import Suite
from runner.text import one_line

MOST_LEFT = 100  # of a table's expectations stand in the manifest


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """All that one table gave: its checks, what was judged, and what is kept of it; `columns` are plots that
    every table's others come before."""

    checks: tuple[Check, ...]
    judged: tuple[Judged, ...]
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    files: tuple[str, ...] = ()
    columns: tuple[Plot, ...] = ()
    seen: Seen | None = None


def collected(job: StageJob, name: str, config: TableSource, suite: Suite) -> tuple[str, ...]:
    """The ids of a table's checks, known before it is read."""
    return (f"{name}/table", *(e.id for e in suite.expectations), *due(job.root, name, config))


def judged_table(
    job: StageJob, name: str, config: TableSource, suite: Suite, places: Places, way: Reading
) -> TableOutcome:
    """Read a table, judge it, and look whether it is still the same."""
    begun = time.monotonic()
    try:
        source = way.opened(name, config, places)
        digest, size = source.digest(), source.size()
        answered = way.answered(source, suite, name)
    except (LockgateError, OSError) as error:
        return _unread(job, name, config, suite, error)
    seen = Seen(job, name, config, source, answered, places.scratch / name, digest)
    checks = judge(suite, answered.answers, list(answered.columns), answered.rows)
    found, kept = further(seen), kept_of(seen, suite, checks)
    whole = replace(_unchanged(seen, digest), seconds=time.monotonic() - begun)
    data = Judged("data", name, digest, _facts(seen, size, found))
    others = found.values()
    return TableOutcome(
        (whole, *checks, *(check for each in others for check in each.checks)),
        (data, _suite(suite)),
        (*kept.tables, *(table for each in others for table in each.tables)),
        (*kept.plots, *(plot for each in others for plot in each.plots)),
        (*kept.files, *(file for each in others for file in each.files)),
        kept.columns,
        seen,
    )


def _unread(job: StageJob, name: str, config: TableSource, suite: Suite, error: Exception) -> TableOutcome:
    cause = f"table {name}: {unquoted(one_line(str(error).splitlines()[0]), config.sensitive)}"
    whole = Check(f"{name}/table", Status.ERROR, config.source, cause=cause)
    nothing = f"table {name} could not be read"
    skipped = unjudged(suite, nothing)
    others = (Check(id, Status.SKIPPED, config.source, cause=nothing) for id in due(job.root, name, config))
    return TableOutcome((whole, *skipped, *others), (_suite(suite),), (table_of(name, suite, skipped),))


def _suite(suite: Suite) -> Judged:
    return Judged("suite", suite.path, suite.sha256, limits_of(suite))


def _unchanged(seen: Seen, digest: str) -> Check:
    id, source = f"{seen.name}/table", seen.config.source
    measured = f"{seen.answered.rows:,} rows x {len(seen.answered.columns)} columns"
    measured += f" ({part})" if (part := seen.source.facts().get("part")) else ""
    if seen.config.trust_footer:
        measured += f", answered by the footer alone: {len(seen.answered.by_footer)}"
    if failed := seen.answered.failed:
        measured += f", left to Great Expectations: {unquoted(failed, seen.config.sensitive)}"
    try:
        if seen.source.digest() == digest:
            return Check(id, Status.PASSED, source, measured=measured)
        why = "its digest is another one"
    except (LockgateError, OSError) as error:
        why = unquoted(one_line(str(error).splitlines()[0]), seen.config.sensitive)
    cause = f"table {seen.name}: {source} changed or vanished while it was judged: {why}"
    return Check(id, Status.ERROR, source, cause=cause, measured=measured)


def _left(seen: Seen) -> dict[str, Any]:
    """Who did not answer what was compiled, or could not be: the first expectations, each with the reason."""
    hidden = seen.config.sensitive
    first = {id: unquoted(why, hidden) for id, why in list(seen.answered.left.items())[:MOST_LEFT]}
    return {"left_to_great_expectations": first} if first else {}


def _facts(seen: Seen, size: int, found: Mapping[str, Findings]) -> dict[str, Any]:
    told: Iterator[tuple[str, Any]] = ((kind, dict(each.facts)) for kind, each in found.items() if each.facts)
    trusted = {"by_footer": list(seen.answered.by_footer)} if seen.config.trust_footer else {}
    return {
        "source": seen.config.source,
        "rows": seen.answered.rows,
        "bytes": size,
        "columns": dict(seen.answered.columns),
        **trusted,
        **_left(seen),
        **seen.source.facts(),
        **dict(told),
    }

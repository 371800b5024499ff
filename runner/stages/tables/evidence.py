"""What the data stage keeps of a table: a readable table, plots, the result's JSON, the rows that failed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.errors import LockgateError
from runner.model import Check, Plot, Series, Table
from runner.stages.tables.engine import Answers
from runner.stages.tables.failing import write_failing
from runner.stages.tables.further import Seen
from runner.stages.tables.histograms import histograms
from runner.stages.tables.suite import Expectation, Suite
from runner.stages.tables.words import unexpected_share

COLUMNS = ("expectation", "column", "observed", "expected", "status")


@dataclass(frozen=True, slots=True)
class Kept:
    """What people look at, and files relative to the stage's output; `columns` are drawn after all else."""

    tables: tuple[Table, ...]
    plots: tuple[Plot, ...]
    columns: tuple[Plot, ...]
    files: tuple[str, ...]


def kept_of(seen: Seen, suite: Suite, checks: Sequence[Check]) -> Kept:
    """Everything that is kept of a table that was answered. Rows that cannot be read again are not: their
    expectations failed all the same."""
    name, told, hidden = seen.name, seen.answered, seen.config.sensitive
    plots, columns = plot_of(name, suite, told.answers), histograms(seen, suite, checks)
    files = [write_result(seen.job.out, name, told.answers)]
    with suppress(LockgateError, OSError):
        files += write_failing(seen.job.out, name, seen.source, suite, told.answers, checks, hidden)
    return Kept((table_of(name, suite, checks),), plots, columns, tuple(files))


def table_of(name: str, suite: Suite, checks: Sequence[Check]) -> Table:
    """Each expectation with observed against expected."""
    rows = tuple(
        (e.type, ", ".join(e.columns), c.measured or c.cause, c.limit, c.status.value)
        for e, c in zip(suite.expectations, checks, strict=True)
    )
    return Table(f"{name}: {suite.path}", COLUMNS, rows)


def plot_of(name: str, suite: Suite, answers: Answers) -> tuple[Plot, ...]:
    """Percent unexpected beside percent allowed, for the expectations that met anything unexpected."""
    shares = [(e, _share(e, answers)) for e in suite.expectations]
    bars = [(e, share) for e, share in shares if share]
    if not bars:
        return ()
    labels = tuple(e.id.removeprefix(f"{name}/").removeprefix("expect_") for e, _ in bars)
    found = Series("unexpected", labels, tuple(share for _, share in bars))
    allowed = Series("allowed", labels, tuple(_allowed(e) for e, _ in bars))
    return (Plot(f"{name}: unexpected rows", "bar", "expectation", "% of rows", (found, allowed)),)


def write_result(out: Path, name: str, answers: Answers) -> str:
    """Write the validation result as JSON under `out`; the path relative to it."""
    document = json.dumps(_finite(answers.document), indent=1, sort_keys=True, default=str)
    write_atomic(out / "data" / f"{name}.validation.json", document.encode())
    return f"data/{name}.validation.json"


def _share(e: Expectation, answers: Answers) -> float | None:
    return unexpected_share(answers.results.get(e.id, {}).get("result") or {})


def _allowed(e: Expectation) -> float:
    mostly = e.kwargs.get("mostly")
    return 100 * (1 - mostly) if isinstance(mostly, int | float) else 0.0


def _finite(value: Any) -> Any:
    """The same with NaN as null, as in Great Expectations' JSON, and infinities as strings: JSON has none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list | tuple) else value

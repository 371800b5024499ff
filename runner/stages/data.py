"""The data stage: Great Expectations suites over the tables that lockgate.yml names.

Every table gives one check of its own, `TABLE/table` (it was read whole and did not change while it
was judged), and one a expectation of its suite. Suites that are malformed, or in which nothing can
fail, raise ConfigError before any table is read.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from runner.adapters.files import sha256_file
from runner.adapters.tables import Download, locate
from runner.config.schema import DataStage
from runner.errors import InfrastructureError, LockgateError
from runner.model import Check, Evidence, Judged, Plot, StageReport, Status, Table
from runner.stages import StageJob
from runner.stages.outcome import worst
from runner.stages.tables.answering import Answered
from runner.stages.tables.answering import answered as answer
from runner.stages.tables.checks import judge, unjudged
from runner.stages.tables.engine import Engine, validate
from runner.stages.tables.evidence import plot_of, table_of, write_result
from runner.stages.tables.limits import limits_of
from runner.stages.tables.suite import Suite, read_suites


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """All that one table gave: its checks, what was judged, and what is kept of it."""

    checks: tuple[Check, ...]
    judged: tuple[Judged, ...]
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    files: tuple[str, ...] = ()


def run(job: StageJob, download: Download | None = None, engine: Engine = validate) -> StageReport:
    """Judge every table; `download(uri, path)` fetches s3:// sources, from the job's AWS by default,
    and `engine` answers suites.

    Raises ConfigError with every problem of every suite."""
    assert isinstance(job.stage, DataStage)  # noqa: S101  the schema's discriminator says so
    begun = time.monotonic()
    suites = read_suites(job.root, {name: source.suite for name, source in job.stage.tables.items()})
    fetch = download or _from_aws(job)
    with tempfile.TemporaryDirectory(prefix="tables-") as scratch:
        outcomes = [
            _table(job, name, source.source, suites[name], Path(scratch), fetch, engine)
            for name, source in job.stage.tables.items()
        ]
    checks = tuple(check for outcome in outcomes for check in outcome.checks)
    return StageReport(
        job.run_id,
        job.name,
        "data",
        worst(check.status for check in checks),
        _collected(suites),
        checks,
        time.monotonic() - begun,
        judged=tuple(judged for outcome in outcomes for judged in outcome.judged),
        evidence=_evidence(outcomes),
    )


def _collected(suites: dict[str, Suite]) -> tuple[str, ...]:
    return tuple(
        id for name, suite in suites.items() for id in (f"{name}/table", *(e.id for e in suite.expectations))
    )


def _from_aws(job: StageJob) -> Download:
    def download(uri: str, path: Path) -> None:
        if not job.aws:
            raise InfrastructureError("no AWS is at hand to fetch it from", where=uri)
        from runner.adapters.aws import Aws, target_from_env

        bucket, _, key = uri.removeprefix("s3://").partition("/")
        Aws(target_from_env(job.aws, is_sandbox=job.is_sandbox)).download(bucket, key, path)

    return download


def _table(
    job: StageJob,
    name: str,
    source: str,
    suite: Suite,
    scratch: Path,
    fetch: Download,
    engine: Engine,
) -> TableOutcome:
    """Read a table, judge it, and look whether it is still the same."""
    begun = time.monotonic()
    folder = scratch / name
    folder.mkdir()
    suite_judged = Judged("suite", suite.path, suite.sha256, limits_of(suite))
    try:
        path = locate(job.root, source, folder, fetch)
        digest = sha256_file(path)
        answered = answer(path, source, suite, name, engine)
    except (LockgateError, OSError) as error:
        whole = Check(f"{name}/table", Status.ERROR, source, cause=f"table {name}: {_first_line(error)}")
        skipped = unjudged(suite, f"table {name} could not be read")
        return _told(job, TableOutcome((whole, *skipped), (suite_judged,), (table_of(name, suite, skipped),)))
    answers = answered.answers
    checks = judge(suite, answers, list(answered.columns))
    whole = replace(_unchanged(name, source, path, digest, answered), seconds=time.monotonic() - begun)
    outcome = TableOutcome(
        (whole, *checks),
        (_judged(name, source, path, digest, answered), suite_judged),
        (table_of(name, suite, checks),),
        plot_of(name, suite, answers),
        (write_result(job.out, name, answers),),
    )
    return _told(job, outcome)


def _told(job: StageJob, outcome: TableOutcome) -> TableOutcome:
    for check in outcome.checks:
        job.progress(check)
    return outcome


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _unchanged(name: str, source: str, path: Path, digest: str, table: Answered) -> Check:
    measured = f"{table.rows:,} rows x {len(table.columns)} columns"
    try:
        same = sha256_file(path) == digest
    except OSError:
        same = False
    if same:
        return Check(f"{name}/table", Status.PASSED, source, measured=measured)
    cause = f"table {name}: {source} changed or vanished while it was judged"
    return Check(f"{name}/table", Status.ERROR, source, cause=cause, measured=measured)


def _judged(name: str, source: str, path: Path, digest: str, table: Answered) -> Judged:
    facts = {
        "source": source,
        "rows": table.rows,
        "bytes": path.stat().st_size if path.exists() else 0,
        "columns": dict(table.columns),
    }
    return Judged("data", name, digest, facts)


def _evidence(outcomes: list[TableOutcome]) -> Evidence:
    from runner.stages.tables.engine import version

    return Evidence(
        plots=tuple(plot for outcome in outcomes for plot in outcome.plots),
        tables=tuple(table for outcome in outcomes for table in outcome.tables),
        facts={"great_expectations": version()},
        files=tuple(file for outcome in outcomes for file in outcome.files),
    )

"""The data stage: Great Expectations suites over the tables that lockgate.yml names.

Every table gives one check of its own, `TABLE/table` (it was read whole and did not change while it
was judged), one an expectation of its suite, those of what else is asked of it (`tables.further`), and the
relations between tables (`tables.relations`). Suites and contracts that are malformed, or in which nothing
can fail, raise ConfigError before any table is read.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.config.schema import DataStage
from runner.errors import InfrastructureError
from runner.model import Check, Evidence, StageReport
from runner.sources.buckets import Buckets
from runner.sources.databases import Databases
from runner.sources.opening import Places
from runner.sources.remote import Remote
from runner.stages import StageJob
from runner.stages.outcome import worst
from runner.stages.tables.engine import Engine, validate, version
from runner.stages.tables.judging import TableOutcome, collected, judged_table
from runner.stages.tables.reading import Reading, reading
from runner.stages.tables.relations import due, related
from runner.stages.tables.suite import Suite, read_suites

if TYPE_CHECKING:
    from runner.adapters.aws import Aws


def run(job: StageJob, remote: Remote | None = None, engine: Engine = validate) -> StageReport:
    """Judge every table; `remote` is where s3:// sources lie, the job's AWS by default, and `engine` answers
    what is not compiled.

    Raises ConfigError with every problem of every suite, or of a contract."""
    stage = job.stage
    assert isinstance(stage, DataStage)  # noqa: S101  the schema's discriminator says so
    begun = time.monotonic()
    suites = read_suites(job.root, {name: source.suite for name, source in stage.tables.items()})
    expected = _collected(job, stage, suites)
    with tempfile.TemporaryDirectory(prefix="tables-") as scratch:
        connect = cache(partial(_aws, job))
        databases = Databases(stage.connections, job.variables, connect, job.is_sandbox)
        there = remote or Buckets(connect)
        places = Places(job.root, Path(scratch), there, stage.connections, databases, job.earlier)
        with reading(stage, Path(scratch), engine) as way, closing(databases):
            outcomes = {name: _table(job, stage, name, suites[name], places, way) for name in stage.tables}
            between = _between(job, stage, outcomes)
    checks = (*(check for outcome in outcomes.values() for check in outcome.checks), *between)
    return StageReport(
        job.run_id,
        job.name,
        "data",
        worst(check.status for check in checks),
        expected,
        checks,
        time.monotonic() - begun,
        judged=tuple(judged for outcome in outcomes.values() for judged in outcome.judged),
        evidence=_evidence(outcomes.values(), _docs(job, suites)),
    )


def _table(
    job: StageJob, stage: DataStage, name: str, suite: Suite, places: Places, way: Reading
) -> TableOutcome:
    outcome = judged_table(job, name, stage.tables[name], suite, places, way)
    for check in outcome.checks:
        job.progress(check)
    return outcome


def _between(job: StageJob, stage: DataStage, outcomes: Mapping[str, TableOutcome]) -> tuple[Check, ...]:
    seen = {name: outcome.seen for name, outcome in outcomes.items() if outcome.seen is not None}
    checks = related(stage, seen)
    for check in checks:
        job.progress(check)
    return checks


def _collected(job: StageJob, stage: DataStage, suites: Mapping[str, Suite]) -> tuple[str, ...]:
    tables = (collected(job, name, config, suites[name]) for name, config in stage.tables.items())
    return (*(id for ids in tables for id in ids), *due(stage))


def _aws(job: StageJob) -> Aws:
    if not job.aws:
        raise InfrastructureError("no AWS is at hand to fetch it from")
    from runner.adapters.aws import Aws, target_from_env

    return Aws(target_from_env(job.aws, is_sandbox=job.is_sandbox))


def _docs(job: StageJob, suites: Mapping[str, Suite]) -> tuple[str, ...]:
    """Great Expectations' Data Docs, where the command line asked for them."""
    if not job.data.docs:
        return ()
    from runner.stages.tables.data_docs import write_docs

    return write_docs(job.out, job.run_id, suites)


def _evidence(outcomes: Iterable[TableOutcome], docs: tuple[str, ...]) -> Evidence:
    each = tuple(outcomes)
    return Evidence(
        plots=tuple(
            plot for plots in (*(o.plots for o in each), *(o.columns for o in each)) for plot in plots
        ),
        tables=tuple(table for outcome in each for table in outcome.tables),
        facts={"great_expectations": version()},
        files=(*docs, *(file for outcome in each for file in outcome.files)),
    )

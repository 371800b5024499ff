"""The composition root: makes the tools of a run, hands them to the flow, and has its results left.

    load -> plan -> [AWS in use, view] -> run -> verdict -> manifest -> reports

Everything that touches the world is made here and passed on; the modules below take it as data or
as a function.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from runner import wire
from runner.adapters import shell
from runner.adapters.aws import AwsTarget
from runner.adapters.git import Source, checkout, source
from runner.adapters.locks import alone
from runner.adapters.output import say
from runner.components.ecr import ecr_registry
from runner.config.load import FILE as CONFIGURATION
from runner.config.load import load
from runner.config.schema import DataStage, IntegrationStage, LambdaZip, Solution
from runner.durations import record as record_durations
from runner.durations import recorded
from runner.earlier import earlier_by, earlier_here
from runner.errors import UsageError
from runner.handed import job_of
from runner.hosts import ready
from runner.interrupts import EXIT_INTERRUPTED, interruptible
from runner.kept import uri_of
from runner.leave import conclude, leave, verdict_of
from runner.model import Artifact, DataChoices, Plan, StageReport, StageResult, Status, Step
from runner.numbering import Numbering, Unnumbered, open_numbering
from runner.plan import make_plan
from runner.remembering import remember
from runner.report.record import RunRecord
from runner.run import Execution, new_run_id
from runner.stages import needs_aws
from runner.stages.child import HANDOVER, run_stage
from runner.stages.variables import require
from runner.steps import Steps, content_version
from runner.verdict import EXIT
from runner.versions import tool_versions
from runner.watch import Watch

NO_AWS = "AWS: none is used by this run"
# Steps that run at a time: this machine's are its own load, the others' wait for containers.
WORKERS = {"local": 2, "docker": 4, "fargate": 16}
RUNS = "LOCKGATE_RUNS"  # s3://bucket/prefix, where runs are kept as well
Outcome = tuple[tuple[StageResult, ...], Mapping[str, Artifact]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line chose. `real`: a real AWS was asked for by name; `host`: where stages run;
    `notify`: whether a failure is told (None: in CI)."""

    root: Path
    stages: tuple[str, ...] = ()
    real: bool = False
    fail_fast: bool = False
    as_json: bool = False
    host: str = "local"
    notify: bool | None = None
    data: DataChoices = field(default_factory=DataChoices)

    @property
    def stream(self) -> IO[str]:
        """Where people read: stdout, unless a machine reads that."""
        return sys.stderr if self.as_json else sys.stdout


def run_solution(options: Options) -> int:
    """The main job: run, judge, write everything to .lockgate/runs/ID/; returns the exit status."""
    solution = load(options.root)
    plan = make_plan(solution, options.stages)
    _require_spark(options, solution, plan)
    _require_variables(options, solution, plan)
    run_id, begun, before = new_run_id(), time.monotonic(), source(options.root)
    folder = options.root / ".lockgate" / "runs" / run_id
    started, runs = datetime.now(UTC).isoformat(timespec="seconds"), os.environ.get(RUNS, "").rstrip("/")
    uri = uri_of(f"{runs}/{run_id}") if runs else ""
    watch = Watch(
        solution.notify, options.notify, plan.complete, options.real, run_id, plan.solution, before.commit,
        folder, f"{runs}/{run_id}" if runs else "",
    )  # fmt: skip
    with watch.watching(), alone(options.root), interruptible():
        numbering = _numbering(options, solution, run_id, before)
        description, (results, artifacts) = _run(options, solution, plan, run_id, folder, before, numbering)
        verdict = verdict_of(plan, results, before.moved_to(checkout(options.root)))
        record = RunRecord(
            run_id, plan.solution, before.commit, before.clean, before.branch, started,
            time.monotonic() - begun, description, verdict, results,
            tuple(artifacts[name] for name in sorted(artifacts)), plan.complete, "", tool_versions(),
            manifest_uri=uri,
        )  # fmt: skip
        record = leave(record, folder, solution, options.root, numbering.release if numbering else None)
        if runs:
            from runner.keeping import keep_run

            place, configuration = f"{runs}/{run_id}", options.root / CONFIGURATION
            keep_run(place, folder, record.manifest_sha256, configuration, real=options.real)
        if numbering is not None:
            remember(record, numbering)
        watch.ended(record.verdict.status)
        return conclude(record, folder, as_json=options.as_json)


def _numbering(options: Options, solution: Solution, run_id: str, before: Source) -> Numbering | None:
    """What gives the components their versions; None, said in a line, where no history may be used."""
    from runner.sandbox.choose import URL

    sandbox = os.environ.get(URL, "")
    try:
        return open_numbering(options.root, solution, run_id, before, real=_is_real(options), sandbox=sandbox)
    except Unnumbered as why:
        say(options.stream, f"versions: none, and no release: {why.what} ({why.hint})")
        return None


def _run(
    options: Options,
    solution: Solution,
    plan: Plan,
    run_id: str,
    folder: Path,
    before: Source,
    numbering: Numbering | None,
) -> tuple[str, Outcome]:
    folder.mkdir(parents=True)
    version_of = numbering.version_of if numbering else content_version
    with _aws(options, solution, plan, folder) as (description, target):
        say(options.stream, description)
        steps = Steps(
            options.root, folder, run_id, solution, _env(target), not _is_real(options), before.commit,
            options.host, target, _host(options, solution, target), None, recorded(options.root),
            version_of=version_of, data=options.data, earlier=earlier_by(numbering),
        )  # fmt: skip
        return description, _execute(options, plan, steps, options.stream)


def _require_spark(options: Options, solution: Solution, plan: Plan) -> None:
    """A Spark that is asked for here is found to be there before anything is built for it."""
    stages = [solution.stages[step.name] for step in plan.steps if step.kind == "stage"]
    engines = {options.data.engine or stage.engine for stage in stages if isinstance(stage, DataStage)}
    if options.host == "local" and "spark" in engines:
        from runner.stages.tables.spark_session import require

        require()


def _require_variables(options: Options, solution: Solution, plan: Plan) -> None:
    """What connections name is set here, unless another place is to know it."""
    if options.host != "fargate":
        require([solution.stages[step.name] for step in plan.steps if step.kind == "stage"], os.environ)


def _host(options: Options, solution: Solution, target: AwsTarget | None) -> Any:
    """The settings of the host, which is found to be usable before anything is built for it."""
    return ready(options.host, getattr(solution.hosts, options.host, None), target)


def _env(target: AwsTarget | None) -> Mapping[str, str]:
    return target.env() if target else {}


def _execute(options: Options, plan: Plan, steps: Steps, stream: IO[str]) -> Outcome:
    from runner.report.console import view

    with view(plan, stream) as shown:
        steps.view = shown
        execution = Execution(plan, steps.run, shown, options.fail_fast)
        results = execution.run(WORKERS[options.host])
        record_durations(options.root, results)
        return results, execution.artifacts


def install(options: Options) -> int:
    """The steps of a run that reach for the package index, and no other."""
    solution = load(options.root)
    plan = make_plan(solution)
    functions = {f"build:{n}" for n, c in solution.components.items() if isinstance(c, LambdaZip)}
    fetching = tuple(s for s in plan.steps if s.id in functions or s.kind == "environment")
    if not fetching:
        say(sys.stdout, f"{plan.solution} needs nothing to be installed")
        return EXIT[Status.PASSED]
    steps = Steps(options.root, options.root / ".lockgate" / "install", new_run_id(), solution, {})
    with alone(options.root), interruptible():
        results, _ = _execute(options, replace(plan, steps=fetching), steps, sys.stdout)
        return EXIT_INTERRUPTED if shell.INTERRUPTED.is_set() else max(EXIT[r.status] for r in results)


def run_one_stage(options: Options, out: Path) -> int:
    """One stage in this very process, as a person calls it: the components are built first, and handed over
    as a host does (runner.handed)."""
    solution, name = load(options.root), options.stages[0]
    plan = make_plan(solution, options.stages)
    out.mkdir(parents=True, exist_ok=True)
    _require_variables(options, solution, plan)
    with alone(options.root), _aws(options, solution, plan, out) as (description, target):
        say(sys.stderr, description)
        aws = _env(target)
        with interruptible():
            failed = _build(options, solution, plan, out, aws)
        if failed is not None:
            say(sys.stderr, f"{failed.status}  {failed.name}: {failed.cause}")
            return EXIT[failed.status]
        ended = run_stage(job_of(options.root, solution, name, out, out / HANDOVER, aws))
        say(sys.stderr, _closing(ended.report))
        return ended.code


def _build(
    options: Options, solution: Solution, plan: Plan, out: Path, aws: Mapping[str, str]
) -> StageResult | None:
    """Everything that comes before the stage; the first step that did not pass, if any."""
    from runner.sandbox.choose import URL

    steps = Steps(options.root, out, new_run_id(), solution, aws, not _is_real(options), data=options.data)
    before = replace(plan, steps=tuple(s for s in plan.steps if _is_before(s)))
    sandbox = os.environ.get(URL, "")
    steps.earlier = earlier_here(options.root, solution, real=_is_real(options), sandbox=sandbox)
    results, artifacts = _execute(options, before, steps, sys.stderr)
    stage = next(s for s in plan.steps if s.id == f"stage:{options.stages[0]}")
    wire.save(out / HANDOVER, steps.for_stage(stage, steps.handover(artifacts)))
    return next((r for r in results if r.status is not Status.PASSED), None)


def _is_before(step: Step) -> bool:
    return step.kind != "stage"


def _closing(report: StageReport) -> str:
    passed = sum(check.status is Status.PASSED for check in report.checks)
    why = report.cause or next((f"{c.id}: {c.cause}" for c in report.checks if c.status is report.status), "")
    return f"{report.status}  {report.stage}: {passed} of {len(report.checks)} checks passed" + (
        f"; {why}" if report.status is not Status.PASSED else ""
    )


def _is_real(options: Options) -> bool:
    from runner.sandbox.choose import is_real

    return is_real(options.real)


@contextmanager
def _aws(
    options: Options, solution: Solution, plan: Plan, folder: Path
) -> Iterator[tuple[str, AwsTarget | None]]:
    """Which AWS is used: one line to print first, and the target (None: no stage of this run, or each
    container, has one of its own)."""
    from runner.sandbox.choose import URL, aws_in_use

    stages = [solution.stages[s.name] for s in plan.steps if s.kind == "stage"]
    real, named = _is_real(options), bool(os.environ.get(URL))
    if options.host == "fargate" and not (real or named):
        raise UsageError("Fargate is part of an AWS: which one?", hint=f"--aws, or {URL} for a sandbox")
    needed = any(needs_aws(stage) for stage in stages) or (real and ecr_registry(solution))
    if options.host != "fargate" and not needed:
        yield NO_AWS, None
    elif options.host == "docker" and not (real or named):
        yield "AWS: a sandbox in each container that needs one", None
    else:
        region = _region(solution, stages)
        with aws_in_use(real=real, log_dir=folder / "logs", region=region) as target:
            yield target.description, target


def _region(solution: Solution, stages: list[Any]) -> str | None:
    """The region of the environment in which a stack is tested; None leaves it to the AWS in use."""
    names = [stage.environment for stage in stages if isinstance(stage, IntegrationStage)]
    return next((e.region for n in names if (e := solution.environments.get(n)) and e.region), None)

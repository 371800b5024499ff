"""The composition root: makes the tools of a run, hands them to the flow, and writes what it leaves.

    load -> plan -> [AWS in use, view] -> run -> verdict -> manifest -> reports

Everything that touches the world is made here and passed on; the modules below take it as data or
as a function.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters import shell
from runner.adapters.files import sha256_file, write_atomic
from runner.adapters.git import source
from runner.config.load import load
from runner.config.schema import IntegrationStage, LambdaZip, Solution
from runner.manifest.build import build_manifest, canonical, digest
from runner.model import Artifact, Plan, StageResult, Status, Verdict
from runner.plan import make_plan
from runner.report.record import RunRecord
from runner.run import Execution
from runner.stages import StageJob, needs_aws
from runner.stages.child import HANDOVER, RESULT, read_handover, run_stage, tell
from runner.steps import Steps
from runner.verdict import EXIT, judge
from runner.versions import tool_versions

INTERRUPTED = 130
NO_AWS = "AWS: none is used by this run"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line chose. `real`: a real AWS was asked for by name."""

    root: Path
    stages: tuple[str, ...] = ()
    real: bool = False
    fail_fast: bool = False
    as_json: bool = False


def run_solution(options: Options) -> int:
    """The main job: run, judge, write everything to .lockgate/runs/ID/; returns the exit status."""
    solution = load(options.root)
    plan = make_plan(solution, options.stages)
    started, begun, run_id = datetime.now(UTC), time.monotonic(), new_run_id()
    folder = options.root / ".lockgate" / "runs" / run_id
    folder.mkdir(parents=True)
    stream = sys.stderr if options.as_json else sys.stdout
    with _interruptible(), _aws(options, solution, plan, folder) as (description, aws):
        print(description, file=stream, flush=True)
        steps = Steps(
            options.root, folder, run_id, solution, aws, not _is_real(options), source(options.root).commit
        )
        results, artifacts = _execute(options, plan, steps, stream)
    record = _record(options, plan, run_id, results, artifacts, description)
    record = replace(record, started=started.isoformat(timespec="seconds"), seconds=time.monotonic() - begun)
    record = leave(record, folder, solution, options.root)
    return _conclude(record, folder, options)


def new_run_id() -> str:
    """Sorts by time, and two at the same second differ."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _execute(
    options: Options, plan: Plan, steps: Steps, stream: Any
) -> tuple[tuple[StageResult, ...], Mapping[str, Artifact]]:
    from runner.report.console import view

    with view(plan, stream) as shown:
        steps.view = shown
        execution = Execution(plan, steps.run, shown, options.fail_fast)
        return execution.run(), execution.artifacts


def _record(
    options: Options,
    plan: Plan,
    run_id: str,
    results: tuple[StageResult, ...],
    artifacts: Mapping[str, Artifact],
    aws: str,
) -> RunRecord:
    git = source(options.root)
    verdict = judge(results, [s.name for s in plan.steps if s.kind == "stage"])
    if shell.INTERRUPTED.is_set():
        verdict = Verdict(Status.ERROR, "interrupted before every stage had ended")
    return RunRecord(
        run_id,
        plan.solution,
        git.commit,
        git.clean,
        git.branch,
        "",
        0.0,
        aws,
        verdict,
        results,
        tuple(artifacts[n] for n in sorted(artifacts)),
        plan.complete,
        "",
        tool_versions(),
    )


def leave(record: RunRecord, folder: Path, solution: Solution, root: Path) -> RunRecord:
    """Write manifest, JUnit, report, variables and result; returns the record with its digest."""
    from runner.report.html import write_report
    from runner.report.junit import stage_junit
    from runner.report.variables import write_env

    sealed = {
        r.name: sha256_file(p) for r in record.results if (p := folder / "stages" / r.name / RESULT).is_file()
    }
    manifest = canonical(build_manifest(record, sealed, _locks(solution, root)))
    record = replace(record, manifest_sha256=digest(manifest))
    write_atomic(folder / "manifest.json", manifest)
    for result in record.results:
        if result.is_stage:
            write_atomic(folder / "junit" / f"{result.name}.xml", stage_junit(result, record.run_id))
    write_report(record, folder / "report.html")
    write_env(record, folder / "variables.env")
    wire.save(folder / "result.json", record)
    return record


def _locks(solution: Solution, root: Path) -> dict[str, str]:
    functions = [c for c in solution.components.values() if isinstance(c, LambdaZip)]
    names = {solution.python.lock, *(f.lock for f in functions if f.lock)}
    return {n: sha256_file(root / n) for n in sorted(names) if (root / n).is_file()}


def _conclude(record: RunRecord, folder: Path, options: Options) -> int:
    """Say how it ended: the machine form on stdout, or the closing lines."""
    from runner.report.summary import last_lines

    code = INTERRUPTED if shell.INTERRUPTED.is_set() else EXIT[record.verdict.status]
    report = _shown(folder / "report.html")
    if options.as_json:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        told = {
            "exit_code": code,
            "manifest": manifest,
            "manifest_sha256": record.manifest_sha256,
            "folder": str(folder),
            "report": str(folder / "report.html"),
        }
        print(json.dumps(told))
    else:
        print("\n".join(last_lines(record, report)))
    return code


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def install(options: Options) -> int:
    """The steps of a run that reach for the package index, and no other."""
    solution = load(options.root)
    plan = make_plan(solution)
    functions = {f"build:{n}" for n, c in solution.components.items() if isinstance(c, LambdaZip)}
    fetching = tuple(s for s in plan.steps if s.id in functions or s.kind == "environment")
    if not fetching:
        print(f"{plan.solution} needs nothing to be installed")
        return EXIT[Status.PASSED]
    steps = Steps(options.root, options.root / ".lockgate" / "install", new_run_id(), solution, {})
    results, _ = _execute(options, replace(plan, steps=fetching), steps, sys.stdout)
    return max(EXIT[r.status] for r in results)


def run_one_stage(options: Options, out: Path, handover: Path | None) -> int:
    """One stage in this very process, as a host starts it. Without a handover (a person's call) the
    components are built first and handed over the same way."""
    solution, name = load(options.root), options.stages[0]
    make_plan(solution, options.stages)
    out.mkdir(parents=True, exist_ok=True)
    if handover is not None:
        return _in_process(options, solution, name, out, handover, shell.aws_env())
    plan = make_plan(solution, options.stages)
    with _aws(options, solution, plan, out) as (description, aws):
        print(description, file=sys.stderr, flush=True)
        steps = Steps(options.root, out, new_run_id(), solution, aws, not _is_real(options))
        before = replace(plan, steps=tuple(s for s in plan.steps if s.kind != "stage"))
        results, artifacts = _execute(options, before, steps, sys.stderr)
        bad = next((r for r in results if r.status is not Status.PASSED), None)
        if bad is not None:
            print(f"{bad.status}  {bad.name}: {bad.cause}", file=sys.stderr)
            return EXIT[bad.status]
        wire.save(out / HANDOVER, steps.handover(artifacts))
        return _in_process(options, solution, name, out, out / HANDOVER, aws)


def _in_process(
    options: Options, solution: Solution, name: str, out: Path, handover: Path, aws: Mapping[str, str]
) -> int:
    given = read_handover(handover)
    return run_stage(
        StageJob(
            given.run_id,
            name,
            options.root,
            out,
            solution,
            solution.stages[name],
            given.artifacts,
            Path(given.python),
            aws,
            given.is_sandbox,
            given.commit,
            tell,
        )
    )


def _is_real(options: Options) -> bool:
    from runner.sandbox.choose import is_real

    return is_real(options.real)


@contextmanager
def _aws(
    options: Options, solution: Solution, plan: Plan, folder: Path
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Which AWS is used (one line to print first) and the environment that reaches it."""
    from runner.sandbox.choose import aws_in_use

    stages = [solution.stages[s.name] for s in plan.steps if s.kind == "stage"]
    if not any(needs_aws(stage) for stage in stages):
        yield NO_AWS, {}
        return
    region = _region(solution, stages)
    with aws_in_use(real=_is_real(options), log_dir=folder / "logs", region=region) as target:
        yield target.description, target.env()


def _region(solution: Solution, stages: list[Any]) -> str | None:
    """The region of the environment in which a stack is tested; None leaves it to the AWS in use."""
    names = [stage.environment for stage in stages if isinstance(stage, IntegrationStage)]
    return next((e.region for n in names if (e := solution.environments.get(n)) and e.region), None)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGINT and SIGTERM end the children, who clean up; the run is then judged and reported.
    A second one ends this process at once."""

    def interrupt(number: int, frame: object) -> None:
        shell.INTERRUPTED.set()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

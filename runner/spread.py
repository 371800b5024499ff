"""A run whose stages are started by an orchestrator that is no process of ours: a state machine or a
batch of builds, compiled from the plan (`lockgate compile`). Each function here is one task of it.

    prepare:  source -> [environment, prepare, build] -> jobs and the plan, sealed, in the run's store
    stage:    its job -> its ending, sealed
    conclude: the plan, the endings, the orchestrator's word -> verdict, manifest, reports, in the store

The orchestrator's word (how each task ended) and the ending that the task left have to agree; where
either is missing there is no evidence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from runner.adapters.git import Source, source
from runner.config.load import FILE, load
from runner.config.schema import Solution
from runner.durations import recorded
from runner.earlier import earlier_by
from runner.errors import InfrastructureError
from runner.hosts import Order
from runner.kept import manifest_key, uri_of
from runner.kept.put import AGAIN, KEPT_ALREADY, keep
from runner.leave import leave, verdict_of
from runner.model import Artifact, Plan, StageResult, Status, Step
from runner.numbering import Numbering
from runner.plan import make_plan
from runner.remembering import remember
from runner.remote.agent import inside, placed
from runner.remote.bundle import unpack
from runner.remote.job import (
    Spread,
    ending_key,
    exit_status,
    part_id,
    sealed,
    unseal,
    unseal_spread,
)  # fmt: skip
from runner.remote.send import Code, receive, relocated, send, send_solution
from runner.remote.store import S3Store, Store, get_blob, put_blob
from runner.report.record import RunRecord
from runner.report.view import View
from runner.run import Done, Execution
from runner.stages.child import Handover
from runner.stages.cleaning import cleaned
from runner.stages.sharding import Shard
from runner.steps import Steps, content_version, made_by_commands
from runner.verdict import EXIT, Ending
from runner.versions import tool_versions

PLAN = "plan.json"
LOGS = "logs"
# What an orchestrator can say of a task, and the exit statuses that fit it.
WORDS: Mapping[str, Code] = {"SUCCEEDED": (0,), "FAILED": (1, 3)}


@dataclass(frozen=True, slots=True)
class Task:
    """What every task of such a run has: the store, the key that seals, scratch space, a view; and what
    `number`s the components, None where no history is all tasks' own."""

    store: Store
    key: str
    folder: Path
    view: View
    is_sandbox: bool = True
    number: Callable[[Solution, str, Source], Numbering | None] = lambda solution, run_id, at: None

    @property
    def run_id(self) -> str:
        return self.store.url.rstrip("/").rpartition("/")[2]


def prepare(task: Task, root: Path, stages: tuple[str, ...], description: str) -> int:
    """Build everything and leave a job for each stage that can run. The status is that of these steps."""
    solution, started = load(root), datetime.now(UTC).isoformat(timespec="seconds")
    plan, before = make_plan(solution, stages), source(root)
    steps = _steps(task, root, task.folder, solution, before.commit, task.run_id)
    numbering = task.number(solution, task.run_id, before)
    steps.version_of = numbering.version_of if numbering else content_version
    steps.earlier = earlier_by(numbering)
    first = replace(plan, steps=tuple(s for s in plan.steps if s.kind != "stage"))
    execution = Execution(first, steps.run, task.view)
    results = execution.run()
    handover = steps.handover(execution.artifacts)
    made, folders = made_by_commands(solution), solution.python.path
    sent, files = send_solution(root, handover, made, folders, task.store)
    put_blob(task.store, root / FILE)
    ready = [s for s in plan.steps if s.kind == "stage" and not _blocked(s, first, results)]
    jobs = {ident: job for step in ready for ident, job in _send(task, steps, step, handover).items()}
    spread = Spread(
        task.run_id, started, before.commit, before.clean, before.branch, description, stages, results,
        relocated(handover, root).artifacts, jobs, {s.name: _stages_of(s) for s in ready}, sent, files,
        task.is_sandbox, _logs(task), numbering.history.records.url if numbering else "",
    )  # fmt: skip
    path = task.folder / PLAN
    path.write_bytes(sealed(spread, task.key))
    if not task.store.put(PLAN, path):
        raise InfrastructureError("there is a run of this name already", where=task.store.url)
    return max((EXIT[r.status] for r in results), default=EXIT[Status.PASSED])


def _logs(task: Task) -> dict[str, str]:
    """What the steps before the stages wrote: name in the run's folder -> digest."""
    paths = sorted((task.folder / LOGS).glob("*.log"))
    return {f"{LOGS}/{path.name}": put_blob(task.store, path) for path in paths}


def _steps(task: Task, root: Path, folder: Path, solution: Solution, commit: str, run_id: str) -> Steps:
    target = task.store.aws.target if isinstance(task.store, S3Store) else None
    return Steps(
        root, folder, run_id, solution, {}, task.is_sandbox, commit, "spread", target,
        seconds=recorded(root), view=task.view,
    )  # fmt: skip


def _blocked(step: Step, first: Plan, results: tuple[StageResult, ...]) -> bool:
    bad = {
        s.id
        for s, r in zip(first.steps, results, strict=True)
        if r.status is not Status.PASSED and not r.usable
    }
    return any(need in bad for need in step.needs)


def _stages_of(step: Step) -> tuple[str, ...]:
    return tuple(need.partition(":")[2] for need in step.needs if need.startswith("stage:"))


def _send(task: Task, steps: Steps, step: Step, handover: Handover) -> dict[str, str]:
    """The jobs of a stage's parts: part's id -> digest."""
    jobs = {}
    handover = steps.for_stage(step, handover)
    steps.publish(step, handover)  # the stage's own task has no right to
    shards: list[Shard | None] = [*steps.shards(step)]
    for shard in shards or [None]:
        name = shard.name if shard else ""
        given = replace(handover, shard=shard)
        order = steps.order(step, task.folder / "jobs" / part_id(step.name, name), given)
        assert order.remote is not None  # noqa: S101  the host is not `local`
        jobs[part_id(step.name, name)] = send(order, order.remote, task.store)
    return jobs


def job_of(task: Task, stage: str, part: str) -> str:
    """The digest of a stage's job. Raises InfrastructureError where there is none, or where a stage
    that has to pass first did not."""
    spread = plan_of(task)
    if blocker := next((n for n in spread.needs.get(stage, ()) if not _passed(task, spread, n)), ""):
        raise InfrastructureError(f"stage {blocker} did not pass", where=stage)
    if part_id(stage, part) not in spread.jobs:
        raise InfrastructureError(
            "there is no job of this stage", where=part_id(stage, part), hint="what it needs was not built"
        )
    return spread.jobs[part_id(stage, part)]


def plan_of(task: Task) -> Spread:
    """What `prepare` left. Raises InfrastructureError where there is none of this key and run."""
    task.store.get(PLAN, task.folder / "their-plan.json")
    spread = unseal_spread(task.folder / "their-plan.json", task.key)
    if spread.run_id != task.run_id:
        raise InfrastructureError(f"its plan is of run {spread.run_id}", where=task.store.url)
    return spread


def _passed(task: Task, spread: Spread, stage: str) -> bool:
    """Whether every part of a stage left an ending that says so; no more than a reason to begin."""
    parts = [ident for ident in spread.jobs if ident.partition(".")[0] == stage]
    with tempfile.TemporaryDirectory(dir=task.folder) as folder:
        for ident in parts:
            place = Path(folder, "ending.json")
            try:
                task.store.get(ending_key(*ident.partition(".")[::2]), place)
                if exit_status(unseal(place, task.key)) != 0:
                    return False
            except InfrastructureError:
                return False
    return bool(parts)


def conclude(task: Task, words_of: Callable[[Iterable[str]], Mapping[str, str]], folder: Path) -> RunRecord:
    """Judge what the tasks left, write the run's folder, and keep it in the store, the manifest last.

    `words_of`: the orchestrator's word for each of some parts."""
    spread = plan_of(task)
    if task.store.has(manifest_key()):
        raise InfrastructureError(KEPT_ALREADY, where=task.store.url, hint=AGAIN)
    words = words_of(spread.jobs)
    root = _fetched(task, spread, folder)
    solution = load(root)
    plan = make_plan(solution, spread.stages)
    steps = _steps(task, root, folder, solution, spread.commit, spread.run_id)
    steps.run_on = lambda order: cleaned(order.out, _read(task, words, order))
    reader = _Reader(spread, placed(steps.handover(spread.artifacts), root).artifacts, steps)
    execution = Execution(plan, reader.run, task.view)
    results = execution.run(4)
    begun = datetime.fromisoformat(spread.started)
    numbering = _numbering(task, spread, solution)
    record = leave(
        RunRecord(
            spread.run_id, plan.solution, spread.commit, spread.clean, spread.branch, spread.started,
            (datetime.now(UTC) - begun).total_seconds(), spread.aws, verdict_of(plan, results, ""), results,
            tuple(reader.artifacts[n] for n in sorted(reader.artifacts)), plan.complete, "", tool_versions(),
            manifest_uri=uri_of(task.store.url),
        ), folder, solution, root, numbering.release if numbering else None,
    )  # fmt: skip
    keep(task.store, folder, record.manifest_sha256)
    if numbering is not None:
        remember(record, numbering)
    return record


def _numbering(task: Task, spread: Spread, solution: Solution) -> Numbering | None:
    """The history that numbered the components, to write the release and the verdicts into; no other."""
    found = task.number(solution, spread.run_id, Source(spread.commit, spread.branch, spread.clean))
    if found is None or found.history.records.url == spread.history:
        return found
    task.view.note("versions", f"no release: they are of {spread.history or 'no history'}, not of this one's")
    return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Runs a plan by reading what was left of each of its steps."""

    spread: Spread
    artifacts: Mapping[str, Artifact]
    steps: Steps

    def run(self, step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        if step.kind == "stage":
            return self.steps.run(step, artifacts)
        found = [r for r in self.spread.results if r.name == step.id]
        if len(found) != 1:
            raise InfrastructureError("its result is not in the plan", where=step.id)
        return Done(found[0], self.artifacts.get(step.name) if step.kind == "build" else None)


def _read(task: Task, words: Mapping[str, str], order: Order) -> Ending:
    assert order.remote is not None  # noqa: S101  the host is not `local`
    ident = part_id(order.stage, order.remote.part)
    word = words.get(ident, "")
    why = "" if word in WORDS else f"its orchestrator says {word or 'nothing'} of it"
    return receive(order, order.remote, task.store, task.key, WORDS.get(word), why)


def _fetched(task: Task, spread: Spread, folder: Path) -> Path:
    """The solution as it was sent to the stages; into the run's `folder`, what its steps wrote before."""
    root = task.folder / "solution"
    root.mkdir(parents=True)
    unpack(get_blob(task.store, spread.source, task.folder / "source.tar.gz"), root)
    for name, digest in spread.files.items():
        get_blob(task.store, digest, inside(root, name))
    for name, digest in spread.logs.items():
        get_blob(task.store, digest, inside(folder, name))
    return root

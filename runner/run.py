"""The main flow: Plan -> results. Every step waits for what it needs; independent ones run side by side.

    prepare (tables) -> build (artifacts) -> stages -> [StageResult ...]

A step whose need did not pass is SKIPPED and says what blocked it. Nothing is believed here: how a
stage ended is judged by `runner.verdict`, and whatever a step raises becomes its result.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runner.adapters.shell import INTERRUPTED
from runner.errors import LockgateError, SolutionError
from runner.model import Artifact, Plan, StageResult, Status, Step
from runner.report.view import View

Runner = Callable[[Step, Mapping[str, Artifact]], "Done"]


def new_run_id() -> str:
    """Sorts by time, and two at the same second differ."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished step: its result, and what it built."""

    result: StageResult
    artifact: Artifact | None = None


@dataclass(slots=True)
class Execution:
    """A plan being executed: what is done, what is under way, what was built."""

    plan: Plan
    run_step: Runner
    view: View
    fail_fast: bool = False
    results: dict[str, StageResult] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    running: dict[Future[Done], Step] = field(default_factory=dict)

    def run(self, workers: int = 2) -> tuple[StageResult, ...]:
        """Execute to the end; results come in the plan's order, one for every step."""
        with ThreadPoolExecutor(workers) as pool:
            while len(self.results) < len(self.plan.steps):
                self._start(pool, workers)
                if self.running:
                    self._collect()
        return tuple(self.results[s.id] for s in self.plan.steps)

    def _start(self, pool: ThreadPoolExecutor, workers: int) -> None:
        under_way = {s.id for s in self.running.values()}
        for step in self.plan.steps:
            if step.id in self.results or step.id in under_way:
                continue
            if blocker := self._blocker(step):
                self._finish(step, Done(skipped(step, blocker)))
            elif len(self.running) < workers and all(n in self.results for n in step.needs):
                self.view.started(step.id)
                self.running[pool.submit(self._guarded, step)] = step

    def _blocker(self, step: Step) -> str:
        """Why a step may not start: the first need that left nothing to judge; with fail-fast, the
        first step at all that did not pass; an interrupt."""
        if INTERRUPTED.is_set():
            return "interrupt"
        bad = {i for i, r in self.results.items() if r.status is not Status.PASSED}
        if self.fail_fast and bad:
            return next(i for i in self.results if i in bad)
        return next((n for n in step.needs if n in bad and not self.results[n].usable), "")

    def _collect(self) -> None:
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            self._finish(self.running.pop(future), future.result())

    def _finish(self, step: Step, done: Done) -> None:
        self.results[step.id] = done.result
        if done.artifact is not None:
            self.artifacts[step.name] = done.artifact
        self.view.finished(done.result, step.id)

    def _guarded(self, step: Step) -> Done:
        """Whatever a step raises is its result: FAILED if the solution is at fault, else ERROR."""
        begun = time.monotonic()
        try:
            return self.run_step(step, dict(self.artifacts))
        except SolutionError as error:
            status, cause = Status.FAILED, str(error)
        except LockgateError as error:
            status, cause = Status.ERROR, str(error)
        except OSError as error:  # a disk that is full, a file that is another's
            status, cause = Status.ERROR, str(error)
        except Exception as error:
            status, cause = (
                Status.ERROR,
                f"{type(error).__name__}: {error} (a bug in lockgate: please report it)",
            )
        if INTERRUPTED.is_set():  # what was being done was ended, and says nothing of the solution
            status, cause = Status.ERROR, f"interrupted: {cause}"
        return Done(
            StageResult(
                result_name(step), step.kind, status, " ".join(cause.split()), time.monotonic() - begun
            )
        )


def result_name(step: Step) -> str:
    """A stage goes by its name, a prepare or build step by its id."""
    return step.name if step.kind == "stage" else step.id


def skipped(step: Step, blocker: str) -> StageResult:
    """The result of a step that could not start because of another one."""
    return StageResult(
        result_name(step), step.kind, Status.SKIPPED, f"{blocker} did not pass", blocked_by=blocker
    )

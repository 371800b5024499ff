from __future__ import annotations

import threading
from collections.abc import Mapping

from runner.adapters.shell import INTERRUPTED
from runner.errors import InfrastructureError, SolutionError
from runner.model import Artifact, Plan, StageResult, Status, Step
from runner.report.view import Silent
from runner.run import Done, Execution, result_name


def passed(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
    return Done(StageResult(result_name(step), step.kind, Status.PASSED))


def plan(*steps: Step) -> Plan:
    return Plan("s", steps)


def execute(steps: Plan, run_step: object, fail_fast: bool = False) -> dict[str, StageResult]:
    execution = Execution(steps, run_step, Silent(), fail_fast)  # type: ignore[arg-type]
    return {r.name: r for r in execution.run()}


def test_a_failed_need_makes_its_dependants_skipped_and_no_other() -> None:
    steps = plan(
        Step("stage", "a"),
        Step("stage", "b", ("stage:a",)),
        Step("stage", "c"),
        Step("stage", "d", ("stage:b",)),
    )

    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        status = Status.FAILED if step.name == "a" else Status.PASSED
        return Done(StageResult(step.name, step.kind, status))

    results = execute(steps, run)
    assert [results[n].status for n in "abcd"] == [
        Status.FAILED,
        Status.SKIPPED,
        Status.PASSED,
        Status.SKIPPED,
    ]
    assert results["b"].blocked_by == "stage:a" and results["d"].blocked_by == "stage:b"


def test_fail_fast_starts_nothing_more() -> None:
    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        raise SolutionError("no")

    steps = plan(*(Step("stage", n) for n in "abcdef"))
    results = execute(steps, run, fail_fast=True)
    skipped = [r for r in results.values() if r.status is Status.SKIPPED]
    assert len(skipped) >= 3 and all(r.blocked_by for r in skipped)


def test_independent_steps_run_side_by_side() -> None:
    together = threading.Barrier(2, timeout=5)

    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        together.wait()
        return passed(step, artifacts)

    results = execute(plan(Step("stage", "a"), Step("stage", "b")), run)
    assert all(r.status is Status.PASSED for r in results.values())


def test_the_solutions_fault_is_failed_and_the_worlds_is_error() -> None:
    errors = {
        "a": SolutionError("train exited 1"),
        "b": InfrastructureError("no index"),
        "c": ZeroDivisionError(),
        "d": SolutionError("no link", where="app.py", hint="copy it"),
        "e": OSError(28, "No space left on device", "/x"),
    }

    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        raise errors[step.name]

    results = execute(plan(*(Step("build", n) for n in "abcde")), run)
    failed = {name for name, result in results.items() if result.status is Status.FAILED}
    assert failed == {"build:a", "build:d"}
    assert results["build:a"].cause == "train exited 1"
    assert results["build:d"].cause == "app.py: no link -> copy it"
    assert ["a bug in lockgate" in results[f"build:{n}"].cause for n in "bce"] == [False, True, False]


def test_what_an_interrupt_ended_is_no_evidence() -> None:
    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        INTERRUPTED.set()
        raise SolutionError("KeyboardInterrupt")

    try:
        result = execute(plan(Step("build", "a")), run)["build:a"]
    finally:
        INTERRUPTED.clear()
    assert (result.status, result.cause) == (Status.ERROR, "interrupted: KeyboardInterrupt")


def test_artifacts_reach_the_steps_that_come_later() -> None:
    made = Artifact("model", "model", "/m", "0" * 64, 1, "k")
    seen: dict[str, list[str]] = {}

    def run(step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        seen[step.id] = list(artifacts)
        return Done(StageResult(step.name, step.kind, Status.PASSED), made if step.kind == "build" else None)

    execute(plan(Step("build", "model"), Step("stage", "model", ("build:model",))), run)
    assert seen == {"build:model": [], "stage:model": ["model"]}

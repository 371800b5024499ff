"""A prepared run judged in one container: every stage's part by an agent of its own, and the conclusion.

The run's orchestrator is this process, and its word for a part is that agent's exit status. Nothing is
built here: source, artifacts and jobs come by digest.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from math import inf
from pathlib import Path

from runner.adapters import shell
from runner.errors import InfrastructureError
from runner.remote.agent import STOP
from runner.report.record import RunRecord
from runner.spread import Task, conclude, job_of, plan_of

WORKERS = 2
# When the build is stopped, as on Fargate: time to remove a test stack.
GRACE = 120.0
SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"
# Runs the agent of a stage's part; its exit status, < 0 for a signal.
Start = Callable[[str, str], int]


def judge(task: Task, start: Start, out: Path) -> RunRecord:
    """Run what `prepare` left in the order of needs, and conclude into the folder `out`.

    Raises InfrastructureError where no plan is sealed with the task's key, or all is concluded already."""
    spread, words = plan_of(task), dict[str, str]()
    with ThreadPoolExecutor(WORKERS) as pool:
        for layer in _layers(spread.needs):
            parts = [i for i in spread.jobs if i.partition(".")[0] in layer and _begins(task, i)]
            words |= zip(parts, pool.map(lambda ident: _word(ident, start), parts), strict=True)
    return conclude(task, lambda parts: words, out)


def _layers(needs: Mapping[str, tuple[str, ...]]) -> Iterator[set[str]]:
    """The stages in layers: each one's needs lie in layers before its own."""
    order = TopologicalSorter(needs)
    order.prepare()
    while order.is_active():
        layer = order.get_ready()
        yield set(layer)
        order.done(*layer)


def _begins(task: Task, ident: str) -> bool:
    """Whether what the part needs did pass."""
    stage, _, part = ident.partition(".")
    try:
        job_of(task, stage, part)
    except InfrastructureError as error:
        task.view.note(f"stage:{stage}", f"it does not begin: {error.what}")
        return False
    return True


def _word(ident: str, start: Start) -> str:
    stage, _, part = ident.partition(".")
    return FAILED if shell.INTERRUPTED.is_set() or start(stage, part) else SUCCEEDED


def agents(url: str) -> Start:
    """Starts agents as processes of their own, with this one's AWS: one that is killed takes no other with
    it. What they print goes to stderr. The key they take from the store, so it is in no environment.

    A stage's deadline is its agent's to keep, all agents' the build's."""
    ours = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    task = [sys.executable, "-P", "-m", "runner", "task", "stage", "--keep-key", "--store", url]

    def start(stage: str, part: str) -> int:
        argv = [*task, "--stage", stage, *(["--part", part] if part else [])]
        env = {**ours, STOP: str(GRACE)}
        process = shell.start(argv, env=env, cwd=Path.cwd(), stdout=2, stderr=2, with_parent=signal.SIGTERM)
        return shell.wait(process, timeout=inf, grace=GRACE).code

    return start

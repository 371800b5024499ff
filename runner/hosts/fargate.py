"""The Fargate host: each stage a task, started by ECS RunTask, its result read back from S3 by digest.

ECS has no deadline for tasks, so this has one. A task's word counts only if it stopped because its
container ended by itself with a status (CONTRACTS: STOPPED, EssentialContainerExited, an exit code that
is there); whatever else happened is no evidence, and the cause says what ECS said.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runner.adapters import shell
from runner.adapters.aws import Aws, AwsError, AwsTarget, real_target
from runner.adapters.output import SECRECY
from runner.config.schema import FargateHost
from runner.errors import InfrastructureError
from runner.hosts import Order, Remote, heard
from runner.hosts.ecs import TaskLog, exit_code, resolve, task_request
from runner.remote.send import receive, send
from runner.remote.store import S3Store
from runner.verdict import Ending

# Beside the stage's own deadline: to fetch and build the environment; to end; between two looks.
SETUP_SECONDS, STOP_SECONDS, POLL = 1800.0, 300.0, {"sandbox": 0.5, "real": 3.0}
NO_ROOM = ("Capacity is unavailable", "RESOURCE:")
ATTEMPTS = 6
# DescribeTasks is eventually consistent: a task that was just started may not be seen yet.
UNSEEN_SECONDS = 60.0


@dataclass(slots=True)
class Fargate:
    """One stage's task: where it runs, and how it is looked at. `pause` waits so many seconds."""

    order: Order
    remote: Remote
    place: FargateHost
    aws: Callable[[], Aws]
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    seen: str = ""
    printed: list[str] = field(default_factory=list)

    def run(self) -> Ending:
        """Send the job, run the task to its end, and read what it left."""
        key, store = secrets.token_hex(32), self._store()
        task = self._start(send(self.order, self.remote, store), key)
        try:
            code, why = exit_code(self._watch(task), self.place.container)
        except BaseException:
            self._stop(task, "lockgate lost sight of it")
            raise
        printed = SECRECY.redactor().text("\n".join(self.printed))
        (self.order.out / "container.log").write_text(printed, encoding="utf-8")
        return receive(self.order, self.remote, self._store(), key, code, why)

    def _store(self) -> S3Store:
        return S3Store(self.aws(), self.place.bucket, f"runs/{self.remote.run_id}")

    def _start(self, sha256: str, key: str) -> str:
        """The task's ARN. A call that is repeated with its token starts nothing twice."""
        request = task_request(self.place, self.remote, self.order.stage, self._store().url, sha256, key)
        for attempt in range(ATTEMPTS):
            answer = self.aws().call("ecs", "run_task", **request)
            if answer.get("tasks"):
                return str(answer["tasks"][0]["taskArn"])
            reason = "; ".join(str(f.get("reason", f)) for f in answer.get("failures", ())) or "no reason"
            if not reason.startswith(NO_ROOM) or attempt == ATTEMPTS - 1 or shell.INTERRUPTED.is_set():
                break
            self.remote.say(f"no room for the task: {reason}")
            self._rest(5.0 * 2**attempt)
        raise InfrastructureError(f"ECS started no task: {reason}", where=self.place.cluster)

    def _rest(self, seconds: float) -> None:
        """Wait, but not once the user interrupts."""
        until = self.clock() + seconds
        while self.clock() < until and not shell.INTERRUPTED.is_set():
            self.pause(min(POLL["real"], seconds))

    def _watch(self, task: str) -> dict[str, Any]:
        """The task's last description, as far as it can be had; it is stopped when its time is up."""
        begun, running, stopping = self.clock(), 0.0, 0.0
        known = begun
        log = TaskLog(self.aws, self.place, task)
        while True:
            told, now = self._described(task), self.clock()
            status = str(told.get("lastStatus", "MISSING"))
            self._show(log, status)
            known = known if status == "MISSING" else now
            if status == "STOPPED":
                return told
            if now - known > UNSEEN_SECONDS:  # it may well run: nobody would look at it again
                self._stop(task, "ECS does not know it any more")
                return told
            running = running or (now if status == "RUNNING" else 0.0)
            why = self._overdue(begun, running, now)
            if why and not stopping:
                stopping = now
                self._stop(task, why)
            if stopping and now - stopping > STOP_SECONDS:
                return {**told, "stoppedReason": f"{why}; it does not stop"}
            self.pause(POLL[self.remote.target.kind if self.remote.target else "real"])

    def _overdue(self, begun: float, running: float, now: float) -> str:
        if shell.INTERRUPTED.is_set():
            return "lockgate was interrupted"
        if not running and now - begun > self.place.start_timeout:
            return f"not running after {self.place.start_timeout:.0f} s (start_timeout)"
        allowed = self.order.timeout + SETUP_SECONDS
        return f"not ended after {allowed:.0f} s" if running and now - running > allowed else ""

    def _described(self, task: str) -> dict[str, Any]:
        answer = self.aws().call("ecs", "describe_tasks", cluster=self.place.cluster, tasks=[task])
        tasks = answer.get("tasks") or [{}]
        return dict(tasks[0])

    def _stop(self, task: str, why: str) -> None:
        with contextlib.suppress(AwsError):  # it has ended meanwhile, or the next look says so
            self.aws().call("ecs", "stop_task", cluster=self.place.cluster, task=task, reason=why[:255])

    def _show(self, log: TaskLog, status: str) -> None:
        if status != self.seen:
            self.seen = status
            self.remote.say(f"task {log.task}: {status.lower()}")
        for line in log.news() if status in ("RUNNING", "STOPPED") else ():
            if (check := heard(line)) is not None:
                self.order.progress(check)
            else:
                self.printed.append(line)


def ready(settings: FargateHost | None, target: AwsTarget | None) -> FargateHost:
    """The settings, whole: what a stack knows is looked up."""
    assert target is not None  # noqa: S101  the wiring sees to it
    return resolve(settings or FargateHost(), Aws(target))


def run_stage(order: Order) -> Ending:
    """Run one stage as a Fargate task and tell how it ended."""
    remote = order.remote
    assert remote is not None and remote.target is not None  # noqa: S101  the wiring sees to it
    target = remote.target

    def aws() -> Aws:  # a stage can outlast a role's credentials
        return Aws(real_target(target.region) if target.kind == "real" else target)

    return Fargate(order, remote, remote.settings, aws).run()

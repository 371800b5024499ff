"""The local host: a stage is a child process of this one, with a deadline and a memory limit."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading

from runner.adapters import shell
from runner.adapters.output import SECRECY
from runner.adapters.pump import pumped_log
from runner.hosts import Order, heard
from runner.stages.channel import LOG_FD
from runner.stages.child import read_ending
from runner.verdict import Ending


def ready(settings: object, target: object) -> object:
    """This machine is there."""
    return settings


def run_stage(order: Order) -> Ending:
    """Run one stage in a process group of its own and tell how it ended."""
    order.out.mkdir(parents=True, exist_ok=True)
    env, seal = shell.clean_env({**order.env, LOG_FD: "2"}), dict[str, object]()
    with pumped_log(order.out / "stage.log", SECRECY.redactor()) as log:
        process = shell.start(
            _argv(order), env=env, cwd=order.root, stdout=shell.PIPE, stderr=log.write,
            with_parent=signal.SIGTERM,
        )  # fmt: skip
        log.start()
        reader = threading.Thread(target=_listen, args=(process, order, seal), daemon=True)
        reader.start()
        done = shell.wait(process, timeout=order.timeout, memory=order.memory, grace=order.grace)
        reader.join(2.0)
    return _ending(order, done, seal)


def _argv(order: Order) -> list[str]:
    lockgate = [sys.executable, "-P", "-m", "runner", "run", "--solution", str(order.root)]
    return [*lockgate, "--stage", order.stage, "--out", str(order.out), "--handover", str(order.handover)]


def _ending(order: Order, done: shell.Completed, seal: dict[str, object]) -> Ending:
    report, damage, sealed = read_ending(order.out, seal)
    if damage:
        damage = f"{damage} (its log ends: {_last_line(order)})"
    cancelled = shell.INTERRUPTED.is_set() and done.ended_by_us
    limits = {"timed_out": done.timed_out, "over_memory": done.over_memory, "cancelled": cancelled}
    sha256 = str(seal["sha256"]) if sealed else ""
    return Ending(
        done.code, report, damage, sealed, sha256, seconds=done.seconds, peak_bytes=done.peak_bytes, **limits
    )


def _last_line(order: Order) -> str:
    """What the process said last: the best cause there is for one that left no report."""
    lines = (order.out / "stage.log").read_text("utf-8", "replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it is empty")


def _listen(process: shell.Process, order: Order, seal: dict[str, object]) -> None:
    """Show what the stage says it finished (for the eye only), and take its seal."""
    for line in process.stdout or ():
        if (check := heard(line)) is not None:
            order.progress(check)
            continue
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict) and "seal" in told:
                seal.update(told)

"""What a person sees while a run goes on: a live table on a terminal, a line an event elsewhere.

Called from the threads of the steps; each view takes care of that itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from runner.model import Check, Plan, StageResult, Status
from runner.report.numbers import seconds
from runner.report.summary import stage_line
from runner.report.text import one_line
from runner.report.view import View

COLOURS = {Status.PASSED: "green", Status.FAILED: "red", Status.ERROR: "magenta", Status.SKIPPED: "yellow"}


def is_live(stream: IO[str], environ: Mapping[str, str] = os.environ) -> bool:
    """A live view needs a terminal that can move its cursor, and a person before it."""
    return stream.isatty() and environ.get("TERM", "dumb") != "dumb" and not environ.get("CI")


@contextmanager
def view(plan: Plan, stream: IO[str], environ: Mapping[str, str] = os.environ) -> Iterator[View]:
    """The view of a plan that fits the stream."""
    if not is_live(stream, environ):
        yield PlainView(stream)
        return
    with LiveView(plan, stream) as shown:
        yield shown


class PlainView:
    """A line when a step starts, says something, or ends."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.lock = stream, threading.Lock()

    def _say(self, line: str) -> None:
        with self.lock:
            print(line, file=self.stream, flush=True)

    def started(self, step_id: str) -> None:
        self._say(f"started {step_id}")

    def progress(self, step_id: str, check: Check) -> None:
        """A check that went wrong is worth a line at once; a thousand that passed are not."""
        if check.status in (Status.FAILED, Status.ERROR):
            self._say(f"  {check.status}  {step_id}: {one_line(check.id, 200)}")

    def note(self, step_id: str, line: str) -> None:
        self._say(f"  {step_id}: {one_line(line)}")

    def finished(self, result: StageResult, step_id: str) -> None:
        self._say(stage_line(result))


class LiveView:
    """A table of steps with their state, counts and times, redrawn four times a second."""

    def __init__(self, plan: Plan, stream: IO[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self.steps = [step.id for step in plan.steps]
        self.begun: dict[str, float] = {}
        self.notes: dict[str, str] = {}
        self.counts: dict[str, Counter[Status]] = {step: Counter() for step in self.steps}
        self.done: dict[str, StageResult] = {}
        self.lock = threading.Lock()
        self.live = Live(console=Console(file=stream), refresh_per_second=4, get_renderable=self.table)

    def __enter__(self) -> LiveView:
        self.live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.live.__exit__(*error)

    def started(self, step_id: str) -> None:
        with self.lock:
            self.begun[step_id] = time.monotonic()

    def progress(self, step_id: str, check: Check) -> None:
        with self.lock:
            self.counts[step_id][check.status] += 1

    def note(self, step_id: str, line: str) -> None:
        with self.lock:
            self.notes[step_id] = one_line(line)

    def finished(self, result: StageResult, step_id: str) -> None:
        with self.lock:
            self.done[step_id] = result

    def table(self) -> Any:
        """The steps as they stand now."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False, expand=False)
        for _ in range(4):
            table.add_column(no_wrap=True, overflow="ellipsis")
        with self.lock:
            for step in self.steps:
                table.add_row(*self._row(step))
        return table

    def _row(self, step: str) -> tuple[Any, ...]:
        from rich.text import Text

        result = self.done.get(step)
        if result is not None:
            state = Text(result.status, style=f"bold {COLOURS[result.status]}")
            tally = Counter(check.status for check in result.checks)
            return (
                state,
                Text(step),
                Text(_tally(tally)),
                Text(f"{seconds(result.seconds)}  {result.cause[:120]}"),
            )
        if step not in self.begun:
            return Text("waiting", style="dim"), Text(step, style="dim"), Text(""), Text("")
        took = seconds(time.monotonic() - self.begun[step])
        note = self.notes.get(step, "")
        return (
            Text("running", style="cyan"),
            Text(step),
            Text(_tally(self.counts[step])),
            Text(f"{took}  {note}"),
        )


def _tally(counts: Mapping[Status, int]) -> str:
    words = {
        Status.PASSED: "passed",
        Status.FAILED: "failed",
        Status.ERROR: "errors",
        Status.SKIPPED: "skipped",
    }
    return " ".join(f"{counts[status]} {word}" for status, word in words.items() if counts.get(status))

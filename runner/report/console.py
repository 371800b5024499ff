"""What a person sees while a run goes on: a live table on a terminal, a line an event elsewhere.

Called from the threads of the steps; each view takes care of that itself. A view only shows: an
output that is closed or cannot take a character never ends a run.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from runner.model import Check, Plan, StageResult, Status
from runner.report.numbers import seconds
from runner.report.summary import stage_line
from runner.report.tally import BAD, counts, finding
from runner.report.view import View
from runner.text import one_line

if TYPE_CHECKING:
    from rich.text import Text

COLOURS = {Status.PASSED: "green", Status.FAILED: "red", Status.ERROR: "yellow", Status.SKIPPED: "dim"}
SYMBOLS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "!", Status.SKIPPED: "–"}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
# Checks that did not pass get a line each as they come, up to so many a step; the report has them all.
SAID = 20
TIME, GAP = 10, 2


def is_live(stream: IO[str], environ: Mapping[str, str] = os.environ) -> bool:
    """A live view needs a terminal that can move its cursor and show the symbols, and a person
    before it."""
    if not stream.isatty() or environ.get("CI"):
        return False
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return environ.get("TERM", "dumb") != "dumb" and encoding.startswith("utf8")


@contextmanager
def view(plan: Plan, stream: IO[str], environ: Mapping[str, str] = os.environ) -> Iterator[View]:
    """The view of a plan that fits the stream; NO_COLOR (any value) takes the colours away."""
    if not is_live(stream, environ):
        yield PlainView(stream)
        return
    with LiveView(plan, stream, colour=not environ.get("NO_COLOR")) as shown:
        yield shown


def trouble_line(step_id: str, check: Check) -> str:
    """A check that went wrong, on one line: 'FAILED  stage:model  roc_auc  0.497 < 0.66 (min)'."""
    parts = [f"{check.status:<7}", step_id, one_line(check.id, 200), one_line(finding(check), 300)]
    return "  ".join(part for part in parts if part)


class PlainView:
    """A line when a step starts, says something, or ends, and for each check that went wrong."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.lock, self.closed = stream, threading.Lock(), False
        self.said: defaultdict[str, int] = defaultdict(int)

    def started(self, step_id: str) -> None:
        """The step's process starts."""
        self._say(f"started {step_id}")

    def progress(self, step_id: str, check: Check) -> None:
        """A check ended; a thousand that passed are not worth a line."""
        if check.status not in BAD:
            return
        with self.lock:
            self.said[step_id] += 1
            count = self.said[step_id]
        if count <= SAID:
            self._say(f"  {trouble_line(step_id, check)}")
        elif count == SAID + 1:
            self._say(f"  {step_id}: further checks that did not pass are only counted here")

    def note(self, step_id: str, line: str) -> None:
        """A line that a step has to say."""
        self._say(f"  {step_id}: {one_line(line)}")

    def finished(self, result: StageResult, step_id: str) -> None:
        """The step's judged outcome."""
        self._say(stage_line(result))

    def _say(self, line: str) -> None:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        shown = line.encode(encoding, "backslashreplace").decode(encoding)
        with self.lock:
            try:
                if not self.closed:
                    print(shown, file=self.stream, flush=True)
            except (OSError, ValueError):
                self.closed = True


class LiveView:
    """A table of steps with their state, counts and times, redrawn eight times a second.

    Where it is narrow the counts and notes are cut first, so that step and time stay readable."""

    def __init__(self, plan: Plan, stream: IO[str], *, colour: bool = True, width: int | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self.steps = [step.id for step in plan.steps]
        self.begun: dict[str, float] = {}
        self.notes: dict[str, str] = {}
        self.checks: defaultdict[str, list[Check]] = defaultdict(list)
        self.done: dict[str, StageResult] = {}
        self.lock = threading.Lock()
        self.console = Console(
            file=stream, force_terminal=True, no_color=not colour, width=width, markup=False, highlight=False
        )
        self.live = Live(console=self.console, refresh_per_second=8, get_renderable=self.table)

    def __enter__(self) -> LiveView:
        self.live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.live.__exit__(*error)

    def started(self, step_id: str) -> None:
        """The step's process starts."""
        with self.lock:
            self.begun[step_id] = time.monotonic()

    def progress(self, step_id: str, check: Check) -> None:
        """A check ended; one that went wrong is also said above the table."""
        from rich.text import Text

        with self.lock:
            self.checks[step_id].append(check)
            bad = sum(c.status in BAD for c in self.checks[step_id])
        if check.status in BAD and bad <= SAID:
            self.console.print(Text(trouble_line(step_id, check), style=COLOURS[check.status]))

    def note(self, step_id: str, line: str) -> None:
        """A line that a step has to say: the last one stands beside it."""
        with self.lock:
            self.notes[step_id] = one_line(line)

    def finished(self, result: StageResult, step_id: str) -> None:
        """The step's judged outcome."""
        with self.lock:
            self.done[step_id] = result

    def table(self) -> Any:
        """The steps as they stand now: symbol, step, time, and what room is left for the rest."""
        from rich.table import Table

        with self.lock:
            rows = [self._row(step) for step in self.steps]
        room = self.console.width
        step = min(max((len(row[1]) for row in rows), default=0), room // 2)
        rest = room - 1 - step - TIME - 3 * GAP
        widths = [1, step, TIME, rest] if rest >= 8 else [1, room - 1 - TIME - 2 * GAP, TIME]
        grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        for index, width in enumerate(widths):
            grid.add_column(
                width=max(width, 1),
                no_wrap=True,
                overflow="ellipsis",
                justify="right" if index == 2 else "left",
            )
        for row in rows:
            grid.add_row(*row[: len(widths)])
        return grid

    def _row(self, step: str) -> tuple[Text, Text, Text, Text]:
        from rich.text import Text

        result = self.done.get(step)
        if result is not None:
            style, dim = COLOURS[result.status], "dim" if result.status is Status.SKIPPED else ""
            return (
                Text(SYMBOLS[result.status], style=f"bold {style}"),
                Text(step, style=dim),
                Text(seconds(result.seconds), style="dim"),
                Text(_rest(result.checks, one_line(result.cause, 200)), style=style if result.cause else dim),
            )
        if step not in self.begun:
            return Text("·", style="dim"), Text(step, style="dim"), Text(""), Text("waiting", style="dim")
        now = time.monotonic()
        return (
            Text(SPINNER[int(now * 8) % len(SPINNER)], style="cyan"),
            Text(step, style="bold"),
            Text(seconds(now - self.begun[step]), style="dim"),
            Text(_rest(self.checks[step], self.notes.get(step, "")), style="dim"),
        )


def _rest(checks: Sequence[Check], words: str) -> str:
    parts = [str(counts(checks)) if checks else "", words]
    return "  ".join(part for part in parts if part)

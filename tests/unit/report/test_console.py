from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import sample_runs as sample

from runner.model import Check, Plan, StageResult, Status, Step
from runner.report.console import SAID, LiveView, PlainView, is_live, view

PLAN = Plan("flights", (Step("prepare", "tables"), Step("stage", "unit"), Step("stage", "model")))
TERMINAL = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


class Slow(io.StringIO):
    """Another thread gets its turn after every piece that is written."""

    def write(self, text: str) -> int:
        count = super().write(text)
        time.sleep(0.0001)
        return count


def drawn(stream: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())


@pytest.mark.parametrize(
    ("environ", "live"),
    [(TERMINAL, True), ({**TERMINAL, "CI": "true"}, False), ({"TERM": "dumb"}, False), ({}, False)],
)
def test_only_a_person_before_a_terminal_gets_the_live_view(environ: dict[str, str], live: bool) -> None:
    assert is_live(Terminal(), environ) is live
    assert not is_live(io.StringIO(), environ)
    with view(PLAN, Terminal(), environ) as shown:
        assert isinstance(shown, LiveView if live else PlainView)


def test_a_terminal_that_cannot_show_the_symbols_gets_plain_lines() -> None:
    stream = Terminal()
    stream.encoding = "ascii"  # type: ignore[misc]
    assert not is_live(stream, TERMINAL)


def test_plain_lines_say_each_event_once() -> None:
    stream = io.StringIO()
    shown = PlainView(stream)
    shown.started("stage:model")
    shown.note("stage:model", "reading\nthe table \x1b[2J")
    shown.progress("stage:model", Check("fine", Status.PASSED))
    shown.progress("stage:model", Check("roc_auc", Status.FAILED, cause="0.497 < 0.66 (min)"))
    shown.finished(sample.failing().results[5], "stage:model")
    assert stream.getvalue().splitlines() == [
        "started stage:model",
        "  stage:model: reading the table",
        "  FAILED   stage:model  roc_auc  0.497 < 0.66 (min)",
        "FAILED  stage:model  2 passed, 2 failed, 1 skipped, 5.4 s  roc_auc 0.497 < 0.66 (min)",
    ]


def test_a_flood_of_failures_is_bounded() -> None:
    stream = io.StringIO()
    shown = PlainView(stream)
    for index in range(500):
        shown.progress("stage:unit", Check(f"c{index}", Status.FAILED, cause="x"))
    assert len(stream.getvalue().splitlines()) == SAID + 1


def test_an_output_that_is_gone_or_knows_no_unicode_ends_no_run() -> None:
    shown = PlainView(Closed())
    shown.started("stage:unit")
    shown.started("stage:model")
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    PlainView(narrow).note("stage:unit", "é 漢 \ud800 …")
    narrow.flush()
    assert b"\\xe9" in narrow.buffer.getvalue()  # type: ignore[attr-defined]


def test_lines_of_several_threads_do_not_mix() -> None:
    stream = Slow()
    shown = PlainView(stream)
    with ThreadPoolExecutor(8) as pool:
        for index in range(100):
            pool.submit(shown.note, "stage:unit", f"line {index} " + "x" * 50)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 100
    assert all(re.fullmatch(r"  stage:unit: line \d+ x{50}", line) for line in lines)


def play(width: int) -> str:
    stream = Terminal()
    with LiveView(PLAN, stream, width=width) as shown:
        shown.started("prepare:tables")
        shown.finished(sample.results()[0], "prepare:tables")
        shown.started("stage:model")
        shown.note("stage:model", "judging 84,110 rows \x1b[2J")
        shown.progress("stage:model", Check("roc_auc", Status.FAILED, cause="0.497 < 0.66 (min)"))
        shown.progress("stage:other", Check("of no step in the plan", Status.PASSED))
    return drawn(stream)


def test_the_live_view_shows_what_runs_what_waits_and_what_went_wrong() -> None:
    text = play(100)
    assert re.search(r"✓\s+prepare:tables\s+4\.2 s", text)
    assert re.search(r"·\s+stage:unit\s+waiting", text)
    assert re.search(r"stage:model\s+\S+ m?s\s+0 passed, 1 failed  judging 84,110 rows", text)
    assert "FAILED   stage:model  roc_auc  0.497 < 0.66 (min)" in text


@pytest.mark.parametrize("width", [100, 60, 40, 20, 10, 1])
def test_the_live_view_keeps_within_any_width(width: int) -> None:
    assert max(len(line) for line in re.split(r"[\r\n]", play(width))) <= max(width, 1)


def test_the_live_view_takes_events_from_several_threads_and_no_markup() -> None:
    stream = Terminal()
    hostile = StageResult("unit", "unit", Status.FAILED, "[bold]not markup[/] \x1b]0;title\x07 end", 1.0)
    with LiveView(PLAN, stream, colour=False, width=120) as shown, ThreadPoolExecutor(4) as pool:
        for index in range(200):
            pool.submit(shown.progress, "stage:unit", Check(str(index), Status.PASSED))
        pool.submit(shown.finished, hostile, "stage:unit")
    assert "[bold]not markup[/] end" in drawn(stream)
    assert len(shown.checks["stage:unit"]) == 200
    assert "\x1b[31m" not in stream.getvalue()


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]
)
def test_no_color_leaves_no_colour(environ: dict[str, str], coloured: bool) -> None:
    stream = Terminal()
    with view(PLAN, stream, {**TERMINAL, **environ}) as shown:
        shown.progress("stage:model", Check("roc_auc", Status.FAILED, cause="0.497 < 0.66 (min)"))
        shown.finished(sample.failing().results[5], "stage:model")
    codes = {code for codes in re.findall(r"\x1b\[([\d;]*)m", stream.getvalue()) for code in codes.split(";")}
    assert bool(codes & {str(code) for code in (*range(30, 39), *range(90, 98))}) is coloured


def test_rich_is_imported_only_when_it_draws() -> None:
    code = "import sys, runner.report.console; sys.exit('rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

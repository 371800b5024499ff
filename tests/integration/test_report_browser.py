"""The report in a real browser: what a person sees, no request, no error on the console."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers import sample_runs as sample

from runner.report.html import render
from runner.report.record import RunRecord

pytestmark = pytest.mark.browser
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--v=0",
)  # fmt: skip
# Nothing that the browser does of its own accord leaves this machine; the page may still try.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
INSIDE = ("file:", "data:", "about:", "blob:")


@dataclass(frozen=True)
class Visit:
    """A page as the browser rendered it: its DOM, what it asked the network for, what it complained of."""

    dom: str
    requests: tuple[str, ...]
    console: tuple[str, ...]

    def count(self, pattern: str) -> int:
        return len(re.findall(pattern, self.dom))


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.environ.get("CI"):
        pytest.fail("Chromium is missing: install Debian's package `chromium`")
    if not found:
        pytest.skip("Chromium is missing: install Debian's package `chromium`")
    return found


def visit(chromium: str, source: str, folder: Path) -> Visit:
    """Open a page from a file in a fresh profile and look at what came of it."""
    page, log = folder / "report.html", folder / "net.json"
    page.write_text(source, encoding="utf-8")
    (folder / "home").mkdir()
    done = subprocess.run(
        [chromium, *FLAGS, OFFLINE, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
         "--net-log-capture-mode=Everything", "--dump-dom", page.as_uri()],
        capture_output=True, timeout=120, check=True, env={**os.environ, "HOME": str(folder / "home")},
    )  # fmt: skip
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    return Visit(done.stdout.decode("utf-8"), requests(log), tuple(console))


def requests(log: Path) -> tuple[str, ...]:
    """The addresses that the page asked for, met or not, from the browser's net log.

    A request of a page has the page's origin as its initiator ('null' or 'file://' here); what the
    browser asks for itself (the time, its updates) says 'not an origin'."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [e["params"] for e in events if "initiator" in e.get("params", {})]
    urls = [str(p.get("url", "")) for p in asked if p["initiator"] != "not an origin"]
    return tuple(dict.fromkeys(url for url in urls if not url.startswith(INSIDE)))


@pytest.mark.parametrize(
    ("record", "word"),
    [(sample.passing(), "Passed"), (sample.failing(), "Failed"), (sample.undecided(), "Could not tell")],
    ids=["passing", "failing", "undecided"],
)
def test_verdict_and_plots_are_shown_without_a_request_or_an_error(
    record: RunRecord, word: str, chromium: str, tmp_path: Path
) -> None:
    seen = visit(chromium, render(record), tmp_path)
    plots = sum(len(r.report.evidence.plots) for r in record.results if r.report)
    assert re.search(rf'<h1 id="verdict" data-status="{record.verdict.status}">{word}</h1>', seen.dom)
    assert seen.count(r'<svg viewBox="[^"]*" role="img"') == plots
    assert seen.requests == ()
    assert seen.console == ()


def test_hostile_strings_build_no_element_and_run_nothing(chromium: str, tmp_path: Path) -> None:
    seen = visit(chromium, render(sample.hostile()), tmp_path)
    assert seen.count("<script") == 0
    assert seen.count("&lt;script&gt;") > 5
    assert (seen.requests, seen.console) == ((), ())


NOWHERE = "http://127.0.0.1:9"
IMAGE = f'<img src="{NOWHERE}/image">'
OUTSIDE = (
    f'{IMAGE}<link rel="stylesheet" href="{NOWHERE}/sheet"><iframe src="{NOWHERE}/frame"></iframe>'
    f"<script>fetch('{NOWHERE}/fetch'); console.error('complaint')</script>"
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def test_a_request_and_a_complaint_would_be_seen(chromium: str, tmp_path: Path) -> None:
    """The witnesses are awake: without its policy, a page that asks and complains is found out."""
    source = POLICY.sub("", render(sample.passing())).replace("</main>", OUTSIDE + "</main>")
    seen = visit(chromium, source, tmp_path)
    assert {f"{NOWHERE}/{kind}" for kind in ("image", "sheet", "frame", "fetch")} <= set(seen.requests)
    assert any("complaint" in line for line in seen.console)


def test_the_pages_policy_stops_what_slipped_through(chromium: str, tmp_path: Path) -> None:
    """Markup that got past the escaping could still ask for nothing and run nothing."""
    script = "<script>document.getElementById('verdict').textContent = 'Passed, really'</script>"
    source = render(sample.failing()).replace("</main>", f"{IMAGE}{script}</main>")
    seen = visit(chromium, source, tmp_path)
    assert seen.requests == ()
    assert "Passed, really</h1>" not in seen.dom
    assert len([line for line in seen.console if "Content Security Policy" in line]) == 2

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
INSIDE = ("file:", "data:", "about:", "blob:", "chrome:", "chrome-untrusted:", "devtools:")


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


def visit(chromium: str, source: str, folder: Path, *flags: str) -> Visit:
    """Open a page from a file in a fresh profile and look at what came of it."""
    page, log = folder / "report.html", folder / "net.json"
    page.write_text(source, encoding="utf-8")
    (folder / "home").mkdir()
    done = subprocess.run(
        [chromium, *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
         "--net-log-capture-mode=Everything", "--dump-dom", page.as_uri()],
        capture_output=True, timeout=120, check=True, env={**os.environ, "HOME": str(folder / "home")},
    )  # fmt: skip
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    return Visit(done.stdout.decode("utf-8"), requests(log), tuple(console))


def requests(log: Path) -> tuple[str, ...]:
    """The addresses in a net log that are not of the browser itself; each is an attempt, met or not."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    urls = (str(e.get("params", {}).get("url", "")) for e in events)
    return tuple(url for url in urls if url and not url.startswith(INSIDE))


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


IMAGE = '<img src="http://127.0.0.1:9/pixel.png">'
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def test_a_request_would_be_seen(chromium: str, tmp_path: Path) -> None:
    """The net log is a witness: an image from outside, in a page without the policy, stands in it."""
    source = POLICY.sub("", render(sample.passing())).replace("</main>", IMAGE + "</main>")
    assert visit(chromium, source, tmp_path).requests[0] == "http://127.0.0.1:9/pixel.png"


def test_the_pages_policy_stops_a_request_and_the_console_would_be_seen(
    chromium: str, tmp_path: Path
) -> None:
    """What slipped through the escaping could still ask for nothing and run nothing."""
    script = "<script>document.getElementById('verdict').textContent = 'Passed, really'</script>"
    source = render(sample.failing()).replace("</main>", f"{IMAGE}{script}</main>")
    seen = visit(chromium, source, tmp_path)
    assert seen.requests == ()
    assert "Passed, really</h1>" not in seen.dom
    assert len([line for line in seen.console if "Content Security Policy" in line]) == 2

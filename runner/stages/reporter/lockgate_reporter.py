"""A pytest plugin that reports to Lockgate over an inherited pipe. Stand-alone on purpose.

It is the only thing of Lockgate's that enters a solution's environment: standard library and
pytest (7 or later), nothing else. One JSON object a line: `collected`, `check`, `finish`. The
last one is the sentinel: a session that ends without it (os._exit, a signal) was not judged.
"""

import json
import os
import pathlib
import sys

import pytest

_CHANNEL = os.environ.pop("LOCKGATE_CHANNEL", "")
_NONCE = os.environ.pop("LOCKGATE_NONCE", "")
# The solution's folders come onto the path here and not before: a sitecustomize.py or a typing.py
# among them is not to run, or to stand in for the standard library's, before pytest and this.
_PATH = os.environ.pop("LOCKGATE_PATH", "")
sys.path[:0] = [folder for folder in _PATH.split(os.pathsep) if folder]
os.environ["PYTHONPATH"] = _PATH  # for what the tests start
# A shard's share of the tests, as a file; none: all of them.
_ONLY = os.environ.pop("LOCKGATE_ONLY", "")
_LIMIT, _SHORT, _MANY = 20_000, 1_000, 200


class Reporter:
    def __init__(self, channel):
        os.set_inheritable(channel, False)  # what a test starts does not keep the channel open
        self.stream = os.fdopen(channel, "w", encoding="utf-8", errors="backslashreplace")
        self.parts = {}
        self.found = {}
        self.count = 0
        self.bad = 0
        self.only = None
        if _ONLY:
            self.only = frozenset(json.loads(pathlib.Path(_ONLY).read_text(encoding="utf-8")))

    def send(self, event, **fields):
        self.stream.write(json.dumps({"event": event, **fields}) + "\n")
        self.stream.flush()

    def pytest_itemcollected(self, item):
        if self.only is None or item.nodeid in self.only:
            self.found[item.nodeid] = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self.only is not None:
            items[:] = [item for item in items if item.nodeid in self.only]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        """A test that a conftest or a plugin took out again is shown, as skipped: it did not run."""
        kept = [item.nodeid for item in session.items]
        self.send("collected", ids=[*kept, *(left_out := [i for i in self.found if i not in set(kept)])])
        for nodeid in left_out:
            cause = "left out at collection by a conftest or a plugin"
            self.send("check", id=nodeid, outcome="skipped", cause=cause)

    def pytest_collectreport(self, report):
        if report.failed:
            self.send("check", id=report.nodeid, outcome="collection", **_crash(report))

    def pytest_runtest_logreport(self, report):
        parts = self.parts.setdefault(report.nodeid, [])
        parts.append(report)
        if report.when == "teardown":
            merged = _merge(self.parts.pop(report.nodeid))
            self.bad += merged["outcome"] not in ("passed", "skipped")
            if self.bad > _MANY:  # a thousand tracebacks tell no more than the first two hundred
                merged = {**merged, "details": merged["details"][-_SHORT:], "cause": merged["cause"][:_SHORT]}
            self.send("check", id=report.nodeid, **merged)
            self.count += 1

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        self.send("finish", nonce=_NONCE, count=self.count)


def _merge(parts):
    """One outcome from a test's setup, call and teardown: the first that is not 'passed' tells."""
    worst = next((p for p in parts if p.outcome != "passed"), parts[-1])
    outcome = worst.outcome
    if outcome == "failed" and worst.when != "call":
        outcome = worst.when
    properties = {str(k): str(v)[:_LIMIT] for p in parts for k, v in p.user_properties}
    return {
        "outcome": outcome,
        "seconds": sum(p.duration for p in parts),
        "measured": properties.get("measured", ""),
        "limit": properties.get("limit", ""),
        **_crash(worst),
    }


def _crash(report):
    text = getattr(report, "longreprtext", "") or ""
    crash = getattr(report.longrepr, "reprcrash", None)
    cause = getattr(crash, "message", "") or _skip_reason(report) or text.strip().rpartition("\n")[2]
    return {
        "cause": cause[:_LIMIT],
        "details": text[-_LIMIT:],
        "files": getattr(report, "_lockgate_files", []),
    }


def _skip_reason(report):
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""


def _files(error):
    """The files that an exception, and those it came from, went through."""
    seen = []
    while error is not None and len(seen) < 10_000:
        seen.append(getattr(error, "filename", None) if isinstance(error, SyntaxError) else None)
        frame = error.__traceback__
        while frame is not None:
            seen.append(frame.tb_frame.f_code.co_filename)
            frame = frame.tb_next
        error = error.__cause__ or error.__context__
    return [str(path) for path in seen if path]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember which files an exception went through, to tell broken code from a broken test."""
    result = yield
    if call.excinfo is not None:
        result.get_result()._lockgate_files = _files(call.excinfo.value)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    result = yield
    report = result.get_result()
    call = getattr(report, "call", None)
    if call is not None and call.excinfo is not None:
        report._lockgate_files = _files(call.excinfo.value)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if _CHANNEL:
        config.pluginmanager.register(Reporter(int(_CHANNEL)), "lockgate-channel")

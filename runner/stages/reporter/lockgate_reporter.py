"""A pytest plugin that reports to Lockgate over an inherited pipe. Stand-alone on purpose.

It is the only thing of Lockgate's that enters a solution's environment: standard library and
pytest (7 or later), nothing else. One JSON object a line: `collected`, `check`, `finish`. The
last one is the sentinel: a session that ends without it (os._exit, a signal) was not judged.
"""

import json
import os

import pytest

_CHANNEL = os.environ.pop("LOCKGATE_CHANNEL", "")
_NONCE = os.environ.pop("LOCKGATE_NONCE", "")
_LIMIT = 20_000


class Reporter:
    def __init__(self, channel):
        os.set_inheritable(channel, False)  # what a test starts does not keep the channel open
        self.stream = os.fdopen(channel, "w", encoding="utf-8", errors="backslashreplace")
        self.parts = {}
        self.count = 0

    def send(self, event, **fields):
        self.stream.write(json.dumps({"event": event, **fields}) + "\n")
        self.stream.flush()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        self.send("collected", ids=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report):
        if report.failed:
            self.send("check", id=report.nodeid, outcome="collection", **_crash(report))

    def pytest_runtest_logreport(self, report):
        parts = self.parts.setdefault(report.nodeid, [])
        parts.append(report)
        if report.when == "teardown":
            self.send("check", id=report.nodeid, **_merge(self.parts.pop(report.nodeid)))
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
    while error is not None:
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

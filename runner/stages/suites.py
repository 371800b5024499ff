"""pytest suites as checks: collect first, run, then compare what ran with what was collected.

Stock suites run in Lockgate's own environment, a solution's in its own. Every collected test
ends as exactly one Check; one that never finished, a report that breaks off and an exit status
that contradicts the report are checks in ERROR, so nothing that is missing can pass.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.adapters import shell
from runner.adapters.files import sha256_tree, write_atomic
from runner.errors import UsageError
from runner.model import Check, Judged, Status
from runner.resources import resource, stock_suite
from runner.stages import StageJob
from runner.stages.channel import Heard, listen

STOCK = "stock:"
REPORTER = Path(__file__).parent / "reporter"


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """`collected`: ids expected before anything ran. `checks`: one for each of them, and no other."""

    collected: tuple[str, ...]
    checks: tuple[Check, ...]
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One pytest session: which interpreter, whose tests, from which root."""

    label: str
    python: Path
    root: Path
    prefix: str
    paths: tuple[str, ...]
    code: tuple[Path, ...]
    env: Mapping[str, str]


def run_suites(
    job: StageJob, suites: Sequence[str], *, context: Mapping[str, Any], extra_env: Mapping[str, str]
) -> SuiteOutcome:
    """Run stock and own suites and return their checks.

    `context` is written to a JSON file that LOCKGATE_CONTEXT names; `extra_env` joins the tests'
    environment. Raises UsageError for a suite that does not exist."""
    job.out.mkdir(parents=True, exist_ok=True)
    write_atomic(job.out / "context.json", json.dumps(context, default=str).encode())
    write_atomic(job.out / "pytest.ini", b"[pytest]\naddopts =\nxfail_strict = true\n")
    env = {**extra_env, "LOCKGATE_CONTEXT": str(job.out / "context.json")}
    judged = tuple(_judged(job.root, suite) for suite in suites)  # as they are before anything runs
    outcomes = [_run(job, session) for session in _sessions(job, suites, env)]
    collected = tuple(i for o in outcomes for i in o.collected)
    checks = tuple(c for o in outcomes for c in o.checks)
    empty = tuple(_empty(suite, checks) for suite in suites if not _executed(suite, checks))
    return SuiteOutcome(collected + tuple(c.id for c in empty), checks + empty, judged)


def _sessions(job: StageJob, suites: Sequence[str], env: Mapping[str, str]) -> list[Session]:
    stock = tuple(stock_suite(s.removeprefix(STOCK)).name for s in suites if s.startswith(STOCK))
    own = tuple(s for s in suites if not s.startswith(STOCK))
    for suite in own:
        if not (job.root / suite).exists():
            raise UsageError(
                f"the suite {suite!r} does not exist",
                where=str(job.root / "lockgate.yml"),
                hint="create it, or remove it from the stage's suites",
            )
    code = tuple(job.root / path for path in job.solution.python.path)
    path = os.pathsep.join(map(str, code))
    sessions = []
    if stock:
        lone = {**env, "PYTHONPATH": str(REPORTER), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        root = resource("suites")
        sessions.append(Session("stock", Path(sys.executable), root, STOCK, stock, (), lone))
    if own:
        sessions.append(
            Session(
                "own",
                job.python,
                job.root,
                "",
                own,
                code,
                {**env, "PYTHONPATH": str(REPORTER), "LOCKGATE_PATH": path},
            )
        )
    return sessions


def _run(job: StageJob, session: Session) -> SuiteOutcome:
    """Collect, run, and compare the two."""
    before = _pytest(job, session, "--collect-only")
    ids = [session.prefix + i for i in before.ids]
    broken = [_check(session, c) for c in before.checks if c["outcome"] == "collection"]
    heard = _pytest(job, session, "--continue-on-collection-errors")
    ran = {c.id: c for c in [_check(session, c) for c in heard.checks] if c.id not in {b.id for b in broken}}
    for check in ran.values():
        job.progress(check)
    checks = broken + [ran.pop(i) if i in ran else _unfinished(i, heard) for i in dict.fromkeys(ids)]
    checks += [_unexpected(c) for c in ran.values()] + _contradictions(session, heard, checks)
    return SuiteOutcome(tuple(c.id for c in checks), tuple(checks), ())


def _pytest(job: StageJob, session: Session, mode: str) -> Heard:
    argv = [
        str(session.python),
        "-P",
        "-m",
        "pytest",
        "-p",
        "lockgate_reporter",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "-c",
        str(job.out / "pytest.ini"),
        "--rootdir",
        str(session.root),
        "-ra",
        "--color=no",
        mode,
        *session.paths,
    ]
    return listen(
        argv,
        env=shell.clean_env({**session.env, "PYTHONDONTWRITEBYTECODE": "1"}),
        cwd=session.root,
        timeout=job.stage.timeout,
        log=job.out / "stage.log",
    )


def _check(session: Session, event: Mapping[str, Any]) -> Check:
    cause = " ".join(str(event.get("cause", "")).split())
    status = status_of(str(event["outcome"]), [Path(str(f)) for f in event.get("files", ())], session.code)
    ident = session.prefix + str(event["id"]) + (" (collection)" * (event["outcome"] == "collection"))
    return Check(
        ident,
        status,
        ident.partition("::")[0],
        float(event.get("seconds", 0.0)),
        "" if status is Status.PASSED else cause or "no cause was given",
        str(event.get("measured", "")),
        str(event.get("limit", "")),
        str(event.get("details", "")),
    )


def status_of(outcome: str, files: Sequence[Path], code: Sequence[Path]) -> Status:
    """A test that could not even be set up is ERROR, unless the code under test is what raised."""
    if outcome in ("passed", "skipped"):
        return Status(outcome.upper())
    if outcome == "failed" or any(f.is_relative_to(c) for f in files for c in code):
        return Status.FAILED
    return Status.ERROR


def _unfinished(ident: str, heard: Heard) -> Check:
    why = heard.damage or "it was collected but not run"
    return Check(
        ident, Status.ERROR, ident.partition("::")[0], cause=f"no result: pytest {heard.ending}, and {why}"
    )


def _unexpected(check: Check) -> Check:
    return Check(check.id, Status.ERROR, check.suite, cause="it ran, but was not collected beforehand")


def _contradictions(session: Session, heard: Heard, checks: Sequence[Check]) -> list[Check]:
    """What the process's end says against its report: a check of its own, so that it is seen."""
    bad = any(c.status in (Status.FAILED, Status.ERROR) for c in checks)
    cause = heard.damage and f"pytest {heard.ending}: {heard.damage} (its log ends: {heard.last_line})"
    if not cause and heard.code != int(bad):
        cause = f"pytest {heard.ending}, but its report says {'failures' if bad else 'no failure'}"
    if not cause or (not checks and heard.code == 5):
        return []
    return [Check(f"pytest session ({session.label})", Status.ERROR, session.label, cause=cause)]


def _belongs(check: Check, suite: str) -> bool:
    suite = suite.rstrip("/")
    return check.suite == suite or check.suite.startswith((suite + "/", suite + ":"))


def _executed(suite: str, checks: Sequence[Check]) -> bool:
    return any(_belongs(c, suite) and c.status is not Status.SKIPPED for c in checks)


def _empty(suite: str, checks: Sequence[Check]) -> Check:
    count = sum(_belongs(c, suite) for c in checks)
    cause = f"all of its {count} tests were skipped" if count else "no test was collected"
    return Check(f"{suite} (suite)", Status.ERROR, suite, cause=f"{suite}: {cause}")


def _judged(root: Path, suite: str) -> Judged:
    path = stock_suite(suite.removeprefix(STOCK)) if suite.startswith(STOCK) else root / suite
    return Judged("suite", suite, sha256_tree(path))

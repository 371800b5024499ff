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
from runner.stages.sharding import share

STOCK = "stock:"
COLLECTION = " (collection)"  # ends the id of what could not be collected
# The one marker that Lockgate knows: what is asked of new versions before they get traffic (docs/deploy.md).
INI = """[pytest]
addopts ={options}
xfail_strict = true
markers = pre_traffic: asked of new versions before they get any traffic
"""
REPORTER = Path(__file__).parent / "reporter"


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """`collected`: ids expected before anything ran. `checks`: one for each of them, and no other.

    `whole`: what was collected in all, where this is one shard of several."""

    collected: tuple[str, ...]
    checks: tuple[Check, ...]
    judged: tuple[Judged, ...]
    whole: tuple[str, ...] = ()


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
    job: StageJob,
    suites: Sequence[str],
    *,
    context: Mapping[str, Any],
    extra_env: Mapping[str, str],
    only: str = "",
) -> SuiteOutcome:
    """Run stock and own suites and return their checks; of `only` those that bear this pytest marker.

    `context` is written to a JSON file that LOCKGATE_CONTEXT names; `extra_env` joins the tests'
    environment. Raises UsageError for a suite that does not exist."""
    job.out.mkdir(parents=True, exist_ok=True)
    write_atomic(job.out / "context.json", json.dumps(context, default=str).encode())
    options = f" -m {only}" if only else ""
    write_atomic(job.out / "pytest.ini", INI.format(options=options).encode())
    env = {**extra_env, "LOCKGATE_CONTEXT": str(job.out / "context.json")}
    judged = tuple(_judged(job.root, suite) for suite in suites)  # as they are before anything runs
    found = [_collect(job, session) for session in _sessions(job, suites, env)]
    whole = [i for each in found for i in each.ids]
    broken = [check for each in found for check in each.broken]
    mine = frozenset(share(whole, job.shard, len(broken)) if job.shard else whole)
    checks = tuple(check for each in found for check in _run(job, each, mine))
    if job.shard:  # whether a suite is empty is seen when the shards are put together
        every = (*whole, *(check.id for check in broken))
        return SuiteOutcome(tuple(c.id for c in checks), checks, judged, tuple(dict.fromkeys(every)))
    checks += empty_suites(suites, checks)
    return SuiteOutcome(tuple(c.id for c in checks), checks, judged)


def empty_suites(suites: Sequence[str], checks: Sequence[Check]) -> tuple[Check, ...]:
    """A check in ERROR for each suite of which nothing was executed."""
    return tuple(_empty(suite, checks) for suite in suites if not _executed(suite, checks))


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


@dataclass(frozen=True, slots=True)
class Found:
    """What a session collected: the ids of its tests, and what could not be collected."""

    session: Session
    ids: tuple[str, ...]
    broken: tuple[Check, ...]


def _collect(job: StageJob, session: Session) -> Found:
    before = _pytest(job, session, "--collect-only")
    broken = [_check(session, c) for c in before.checks if c["outcome"] == "collection"]
    return Found(session, tuple(dict.fromkeys(session.prefix + i for i in before.ids)), tuple(broken))


def _run(job: StageJob, found: Found, mine: frozenset[str]) -> list[Check]:
    """Run what was collected (of a shard, its share) and compare the two."""
    session, ids, broken = found.session, [i for i in found.ids if i in mine], list(found.broken)
    if job.shard and not ids:
        return broken
    heard = _pytest(job, session, "--continue-on-collection-errors", _selection(job, session, ids))
    ran = {c.id: c for c in [_check(session, c) for c in heard.checks] if c.id not in {b.id for b in broken}}
    for check in ran.values():
        job.progress(check)
    checks = broken + [ran.pop(i) if i in ran else _unfinished(i, heard) for i in ids]
    return checks + [_unexpected(c) for c in ran.values()] + _contradictions(job, session, heard, checks)


def _selection(job: StageJob, session: Session, ids: Sequence[str]) -> dict[str, str]:
    """A shard's share, in a file that the reporter reads."""
    if job.shard is None:
        return {}
    path = job.out / f"selection-{session.label}.json"
    write_atomic(path, json.dumps([i.removeprefix(session.prefix) for i in ids]).encode())
    return {"LOCKGATE_ONLY": str(path)}


def _pytest(job: StageJob, session: Session, mode: str, env: Mapping[str, str] | None = None) -> Heard:
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
        env=shell.clean_env({**session.env, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}),
        cwd=session.root,
        timeout=job.stage.timeout,
        log=job.out / "stage.log",
    )


def _check(session: Session, event: Mapping[str, Any]) -> Check:
    cause = " ".join(str(event.get("cause", "")).split())
    status = status_of(str(event["outcome"]), [Path(str(f)) for f in event.get("files", ())], session.code)
    ident = session.prefix + str(event["id"]) + (COLLECTION * (event["outcome"] == "collection"))
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


def _contradictions(job: StageJob, session: Session, heard: Heard, checks: Sequence[Check]) -> list[Check]:
    """What the process's end says against its report: a check of its own, so that it is seen."""
    bad = any(c.status in (Status.FAILED, Status.ERROR) for c in checks)
    cause = heard.damage and f"pytest {heard.ending}: {heard.damage} (its log ends: {heard.last_line})"
    if not cause and heard.code != int(bad):
        cause = f"pytest {heard.ending}, but its report says {'failures' if bad else 'no failure'}"
    # pytest's 5: no test was left to run. Whether that is too few is not said by this session.
    left_out = heard.code == 5 and not heard.damage and all(c.status is Status.SKIPPED for c in checks)
    if not cause or left_out:
        return []
    which = f"{session.label}, shard {job.shard.name}" if job.shard else session.label
    return [Check(f"pytest session ({which})", Status.ERROR, session.label, cause=cause)]


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

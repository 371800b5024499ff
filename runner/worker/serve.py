"""Puts a worker together: which AWS, which clients, where things lie."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner.adapters.aws import Aws, AwsTarget, real_target, sandbox_target
from runner.adapters.cache import cache_dir
from runner.adapters.output import say
from runner.errors import UsageError
from runner.interrupts import interruptible
from runner.sandbox.choose import aws_in_use, is_real
from runner.worker.child import ChildRuns
from runner.worker.journal import Journal
from runner.worker.pipeline import CodePipeline
from runner.worker.store import under
from runner.worker.worker import Worker

# No emulator has CodePipeline's jobs: a double of it is named apart from the sandbox.
URL = "LOCKGATE_CODEPIPELINE_URL"


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line chose. `hours`: a run's deadline."""

    provider: str
    version: str = "1"
    category: str = "Test"
    query: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    poll_seconds: float = 10.0
    hours: float = 23.0
    real: bool = False
    scratch: Path | None = None


def serve(options: WorkerOptions, environ: Mapping[str, str] = os.environ) -> int:
    """Serve jobs until a signal comes; the exit status. Raises LockgateError."""
    real, url = is_real(options.real, environ), environ.get(URL, "")
    if real == bool(url):
        what = f"{URL} names a double" if url else "CodePipeline's jobs exist only in a real AWS"
        hint = f"unset {URL}" if url else "--aws or LOCKGATE_AWS=1"
        raise UsageError(what, where="worker", hint=hint)
    with interruptible(), _aws(real, environ) as target:
        _tell(target.description)
        connect = _connect(target, url)
        pipeline = CodePipeline(
            connect, options.provider, options.version, options.category, options.query, tell=_tell
        )
        return Worker(
            pipeline,
            lambda credentials: Aws(under(target, credentials)),
            ChildRuns(real, target.endpoint),
            Journal(_journal(target.description, url, *pipeline.action.values())),
            options.scratch,
            options.poll_seconds,
            options.hours,
            say=_tell,
        ).serve(once=options.once)


@contextmanager
def _aws(real: bool, environ: Mapping[str, str]) -> Iterator[AwsTarget]:
    with (
        tempfile.TemporaryDirectory(prefix="lockgate-worker-", ignore_cleanup_errors=True) as logs,
        aws_in_use(
            real=real, log_dir=Path(logs), region=environ.get("AWS_REGION"), environ=environ
        ) as target,
    ):
        yield target


def _journal(*served: str) -> Path:
    """Where workers of one action type in one account keep their journal: others' jobs are unknown
    to this CodePipeline, and would be taken for answered."""
    name = hashlib.sha256("\0".join(served).encode()).hexdigest()[:16]
    return cache_dir() / "worker" / name


def _connect(target: AwsTarget, url: str) -> Callable[[], Aws]:
    """New clients with the credentials of that moment, where they are a real AWS's."""
    if url:
        double = sandbox_target(url, target.region)
        return lambda: Aws(double)
    return lambda: Aws(real_target(target.region))


def _tell(text: str) -> None:
    say(sys.stdout, text)

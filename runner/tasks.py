"""The composition root of what runs inside of containers: which store, which AWS, which key."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from runner.adapters.aws import Aws, real_target, sandbox_target
from runner.adapters.output import say
from runner.errors import UsageError
from runner.interrupts import interruptible
from runner.model import Check
from runner.remote.agent import Agent, scratch, take_key
from runner.remote.store import FolderStore, S3Store, Store, parse_s3
from runner.sandbox.choose import URL, is_real


def run_task(url: str, sha256: str) -> int:
    """One stage in this container; the exit status: 0 passed, 1 FAILED, 3 no evidence."""
    key = take_key(os.environ)
    agent = Agent(partial(open_store, url), scratch(), key, is_real(False), _tell)
    with interruptible():
        return agent.run(sha256)


def open_store(url: str) -> Store:
    """The store at a URL: a folder, or a prefix in the AWS in use, which has to be named."""
    if not url.startswith("s3://"):
        return FolderStore(Path(url))
    bucket, prefix = parse_s3(url)
    if is_real(False):
        return S3Store(Aws(real_target()), bucket, prefix)
    if sandbox := os.environ.get(URL):
        return S3Store(Aws(sandbox_target(sandbox)), bucket, prefix)
    raise UsageError("which S3 is meant?", where=url, hint=f"set LOCKGATE_AWS=1, or {URL} for a sandbox")


def _tell(check: Check) -> None:
    from runner import wire

    line = {"id": check.id, "status": check.status, "seconds": check.seconds}
    say(sys.stdout, wire.dump(line).decode())

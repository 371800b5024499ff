"""Where a stage runs. A host starts `lockgate run --stage X --out DIR` somewhere and tells how it ended.

A host kind is a function `run_stage(order: Order) -> Ending`. It never decides anything: the
`Ending` is judged by `runner.verdict`. `local` is this machine; `docker` and `fargate` start the image
somewhere else and share `runner.remote`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from runner.adapters.aws import AwsTarget
from runner.adapters.output import SECRECY
from runner.model import Check, Status
from runner.stages.cleaning import cleaned
from runner.verdict import Ending

HOSTS = {
    "local": "runner.hosts.local",
    "docker": "runner.hosts.docker",
    "fargate": "runner.hosts.fargate",
}


@dataclass(frozen=True, slots=True)
class Remote:
    """What a host that sends a stage elsewhere has to know beside. `part` is '' or a shard's I-of-N,
    `files` what commands made (it may be in no version control), `folders` what has to be there though
    it be empty, `settings` the host's section of
    lockgate.yml; `target` is the AWS in use, None where each container has a sandbox of its own; `variables`:
    what the stage's connections name."""

    run_id: str
    part: str
    needs_python: bool
    needs_aws: bool
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    settings: Any = None
    target: AwsTarget | None = None
    say: Callable[[str], None] = lambda line: None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One stage to be run: which, of what, with what limits. `handover` names the file of artifacts."""

    stage: str
    root: Path
    out: Path
    handover: Path
    timeout: float
    memory: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[Check], None] = lambda check: None
    # Seconds between asking it to end and ending it: it removes its test stack first.
    grace: float = 120.0
    remote: Remote | None = None


def heard(line: bytes | str) -> Check | None:
    """A finished check, as a stage's process tells it in a line of its own; None for any other line."""
    try:
        told = json.loads(line)
        ident = SECRECY.redactor().text(str(told["id"]))
        return Check(ident, Status(told["status"]), seconds=float(told["seconds"]))
    except (ValueError, TypeError, KeyError):
        return None


def ready(kind: str, settings: Any, target: AwsTarget | None) -> Any:
    """A host's settings, once it is known that it can be used: before anything is built for it.

    Raises UsageError where settings are missing, InfrastructureError where the host is not there."""
    look: Callable[[Any, AwsTarget | None], Any] = import_module(HOSTS[kind]).ready
    return look(settings, target)


def host_kind(kind: str) -> Callable[[Order], Ending]:
    """The `run_stage` function of a host kind. What a stage left on it is read without its secrets."""
    run: Callable[[Order], Ending] = import_module(HOSTS[kind]).run_stage
    return lambda order: cleaned(order.out, run(order))

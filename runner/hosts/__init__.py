"""Where a stage runs. A host starts `lockgate run --stage X --out DIR` somewhere and tells how it ended.

A host kind is a function `run_stage(order: Order) -> Ending`. It never decides anything: the
`Ending` is judged by `runner.verdict`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from runner.model import Check
from runner.verdict import Ending

HOSTS = {"local": "runner.hosts.local"}


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


def host_kind(kind: str) -> Callable[[Order], Ending]:
    """The `run_stage` function of a host kind."""
    run: Callable[[Order], Ending] = import_module(HOSTS[kind]).run_stage
    return run

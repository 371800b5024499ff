"""What is sent to a stage elsewhere (`RemoteJob`), and what it says when it has ended (`Told`).

`Told` is authenticated with a key that only who started the container and the agent in it know: a test
that finds a way to write into the run's store still cannot make an ending of its own believed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import wire
from runner.errors import InfrastructureError
from runner.model import Artifact, StageResult
from runner.stages.child import Handover

KEY = "LOCKGATE_SEAL_KEY"
KEY_LENGTH = 32
ENDING_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """One stage (or one shard of it). `source` and `files` (path -> digest) are blobs; the handover's
    paths are relative to the solution's root. `ca` is the blob of a CA bundle for the package index."""

    run_id: str
    stage: str
    part: str
    source: str
    files: Mapping[str, str]
    handover: Handover
    needs_python: bool
    needs_aws: bool
    region: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """How the stage's process ended, by the agent that was its parent. `result` is the sha256 of
    result.json, `outputs` that of the bundle of everything which the stage left ('' for neither)."""

    run_id: str
    stage: str
    part: str
    code: int
    result: str = ""
    outputs: str = ""
    damage: str = ""
    timed_out: bool = False
    over_memory: bool = False
    cancelled: bool = False
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """A run whose stages are started by an orchestrator that is no process of ours (a state machine, a
    batch of builds): what `prepare` found and made, for the tasks that come after it.

    `results` are those of the steps before the stages; `jobs` maps a stage's part (see `part_id`) to its
    job's digest, `needs` a stage to those that must pass first; `source` and `files` as in RemoteJob, `logs`
    likewise those of the steps; `history` is where the components got their versions, '' for nowhere."""

    run_id: str
    started: str
    commit: str
    clean: bool | None
    branch: str
    aws: str
    stages: tuple[str, ...]
    results: tuple[StageResult, ...]
    artifacts: Mapping[str, Artifact]
    jobs: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    source: str
    files: Mapping[str, str]
    is_sandbox: bool = True
    logs: Mapping[str, str] = field(default_factory=dict)
    history: str = ""


def part_id(stage: str, part: str) -> str:
    """A stage's part by one name, '<stage>' or '<stage>.<I-of-N>'."""
    return f"{stage}.{part}" if part else stage


def exit_status(told: Told) -> int:
    """What the agent exits with: the stage's own 0 or 1 where nothing else happened, else 3."""
    undisturbed = not (told.damage or told.timed_out or told.over_memory or told.cancelled)
    return told.code if told.code in (0, 1) and undisturbed else 3


def ending_key(stage: str, part: str) -> str:
    """Where the ending of a stage's part lies; `part` is '' or 'I-of-N'."""
    return f"endings/{part_id(stage, part)}.json"


def sealed(value: Told | Spread, key: str) -> bytes:
    """A record as it is stored: its JSON and that text's HMAC-SHA256."""
    body = wire.dump(value).decode()
    return json.dumps({"told": body, "mac": _mac(body, key)}).encode()


def unseal(path: Path, key: str) -> Told:
    """Read an ending; raises InfrastructureError where it is none or not sealed with this key."""
    told: Told = _unseal(path, key, Told, ENDING_LIMIT)
    return told


def unseal_spread(path: Path, key: str) -> Spread:
    """Read what `prepare` left; raises InfrastructureError likewise."""
    spread: Spread = _unseal(path, key, Spread, wire.LIMIT)
    return spread


def _unseal(path: Path, key: str, kind: Any, limit: int) -> Any:
    what = "ending" if kind is Told else "plan"
    try:
        if path.stat().st_size > limit:
            raise ValueError("too large")
        outer = json.loads(path.read_bytes())
        body, mac = str(outer["told"]), str(outer["mac"])
        fits = hmac.compare_digest(_mac(body, key).encode(), mac.encode())
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InfrastructureError(f"the {what} cannot be read: {error}", where=path.name) from None
    if not fits:
        raise InfrastructureError(f"the {what} is not sealed with this run's key", where=path.name)
    return wire.loads(body.encode(), kind, path.name)


def _mac(body: str, key: str) -> str:
    return hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()

"""Commands that are killed, and what must be true of a ledger whatever was killed."""

from __future__ import annotations

import os
import random
import signal
import traceback
from collections.abc import Callable
from typing import Any

from helpers.faults_aws import KILLED, Wire

from runner import wire as json_wire
from runner.history.names import SLOT
from runner.history.store import S3Records
from runner.release.lease import Holding
from runner.release.ledger import Failing
from runner.release.records import Outcome, Release

# Every point instead of a sample: EVERY_FAULT=1 (docs/guarantees.md).
EVERY = os.environ.get("EVERY_FAULT") == "1"
SEED = int(os.environ.get("FAULT_SEED", "5"))
KINDS: dict[str, type[Any]] = {"releases": Release, "outcomes": Outcome, "failing": Failing}


def points(count: int, sample: int, salt: str = "") -> list[int]:
    """Which of the points 1..count are tried: all of them, or a sample; other ones for another `salt`."""
    if EVERY or count <= sample:
        return list(range(1, count + 1))
    return sorted(random.Random(f"{SEED} {salt}").sample(range(1, count + 1), sample))  # noqa: S311


def killed_after(write: int, wire: Wire, command: Callable[[], object]) -> bool:
    """Run a command in a process of its own that is killed after its n-th write; False if it had fewer."""
    child = os.fork()
    if child == 0:
        _carry_out(write, wire, command)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the command failed of itself: see stderr"
    return False


def _carry_out(write: int, wire: Wire, command: Callable[[], object]) -> None:
    """In the child: nothing of the parent's (fixtures, exit handlers) is ended by it."""
    wire.planned(lambda number, this, name: KILLED if this == write else "")
    try:
        command()
    except BaseException:  # whatever it was, the parent says that it was
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def require_whole(records: S3Records) -> None:
    """A ledger in which nothing is torn: every object parses, and each follows from another."""
    found: dict[str, dict[int, Any]] = {kind: {} for kind in KINDS}
    for kind, parsed in KINDS.items():
        for key in records.keys(kind):
            match = SLOT.fullmatch(key.rpartition("/")[2])
            assert match, key
            found[kind][int(match[1])] = json_wire.loads(records.get(key) or b"", parsed, key)
    releases = found["releases"]
    count = len(releases)
    assert sorted(releases) == list(range(1, count + 1))
    assert all(number == each.number for kind in found.values() for number, each in kind.items())
    assert set(range(1, count)) <= set(found["outcomes"]) <= set(releases), (
        "a release before the last is open"
    )
    assert set(found["failing"]) <= set(releases)
    named = {key.rpartition("/")[2].removesuffix(".json") for key in records.keys("ids")}
    assert {r.id for r in list(releases.values())[:-1]} <= named <= {r.id for r in releases.values()}
    if (lease := records.get("lease.json")) is not None:
        assert json_wire.loads(lease, Holding, "lease.json").sequence > 0

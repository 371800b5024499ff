"""An environment in memory: a ledger, a lease, a stack and what serves; each side effect can be the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from helpers.histories import Killed, Memory

from runner.release.flow import Deployment, Done, Proposal
from runner.release.lease import Lease
from runner.release.ledger import Ledger
from runner.release.records import Content, Kind, Part, Release
from runner.release.target import Moving, Wanted

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def part(version: int, name: str = "model") -> Part:
    sha256 = f"{name[0]}{version}" * 8
    return Part(name, f"2026.11.23-{version}", sha256, sha256, f"square/{name}/{sha256}")


def content(model: int, features: int = 1) -> Content:
    parts = {"model": part(model), "features": part(features, "features"), "stack": part(1, "stack")}
    return Content("square-prod", parts["stack"].sha256, {"ModelUri": "${model.uri}"}, parts)


def release(what: Content, number: int = 0, **more: Any) -> Release:
    made = Release(
        number, f"id{number}", Kind.DEPLOY, "square", "prod", what, f"2026.11.23-{number}+abcdef0", "m" * 64,
        "r1", "c" * 40, "ann", NOON.isoformat(),
    )  # fmt: skip
    return replace(made, **more)


def proposal(what: Content, id: str, manifest: str = "") -> Proposal:
    manifest = manifest or f"manifest of {what.parts['model'].version}"

    def make(last: Release | None, good: int) -> Release:
        return release(what, id=id, name=f"release {id}", manifest=manifest, previous=good)

    return Proposal(what, make, manifest)


@dataclass
class Cell:
    """Compare-and-swap in memory."""

    act: Callable[[str], None]
    effect: Callable[[str], None]
    data: bytes | None = None
    version: int = 0
    url: str = "memory://lease"

    def read(self) -> tuple[bytes, str] | None:
        return None if self.data is None else (self.data, str(self.version))

    def swap(self, data: bytes, tag: str | None) -> str | None:
        if tag != (None if self.data is None else str(self.version)):
            return None
        self.act("lease")
        self.data, self.version = data, self.version + 1
        self.effect("lease")
        return str(self.version)


@dataclass
class Environment:
    """What there is: records, the lease's object, the stack's content and what the aliases serve.

    `log`: every side effect, in order; the process is killed after the `last`-th. `fails`: side effect ->
    what it raises instead of happening, as long as it is there. `keeps`: a platform that silently keeps."""

    records: Memory = field(default_factory=Memory)
    stack: Content | None = None
    live: Content | None = None
    log: list[str] = field(default_factory=list)
    last: int = 10_000
    fails: dict[str, Exception] = field(default_factory=dict)
    keeps: bool = False
    drifted: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    told: list[tuple[int, str, bool, bool]] = field(default_factory=list)
    token: str = ""
    shifts: bool = True
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.cell = Cell(self.act, self.effect)

    def effect(self, name: str) -> None:
        self.log.append(name)
        self.act("")

    def act(self, name: str) -> None:
        """Asked before a side effect: whoever is dead has none."""
        if len(self.log) >= self.last:
            raise Killed
        if name in self.fails:
            raise self.fails[name]

    # --- a target
    def wanted(self, what: Content) -> Wanted:
        return Wanted(what, None, ())  # type: ignore[arg-type]

    def differences(self, wanted: Wanted) -> list[str]:
        return [] if self.stack == self.live == wanted.content else ["model is another one"]

    def drift(self, stack_name: str) -> list[str]:
        return list(self.drifted)

    def publish(self, what: Content) -> None:
        self.act("publish")
        self.effect("publish")

    def unfit(self, wanted: Wanted) -> list[str]:
        return list(self.misfits)

    def publish_versions(self, wanted: Wanted) -> list[Moving]:
        self.act("versions")
        if self.stack is None:
            return []
        self.effect("versions")
        return [m for m in self.moving(wanted) if m.new != m.old]

    def bring_to(self, wanted: Wanted) -> bool:
        self.act("stack")
        if not self.keeps:
            self.stack = wanted.content
            self.live = self.live or wanted.content
        self.effect("stack")
        return True

    def moving(self, wanted: Wanted) -> list[Moving]:
        old = self.live.parts["model"].version if self.live else ""
        return [Moving("Live", "f", "live", old, wanted.content.parts["model"].version)]

    def aliases(self, stack_name: str) -> list[Moving]:
        now = self.live.parts["model"].version if self.live else ""
        return [Moving("Live", "f", "live", now, "")]

    def settle(self, what: Content) -> None:
        self.act("settle")

    def outputs(self, stack_name: str) -> dict[str, str]:
        return {"Function": "f:live"}

    def facts(self, wanted: Wanted) -> dict[str, str]:
        return {"model": wanted.content.parts["model"].sha256}

    def unseen(self, wanted: Wanted) -> list[str]:
        return []

    # --- traffic, and what is asked before it
    def is_needed(self, release: Release) -> bool:
        return self.shifts

    def shift(self, moving: Sequence[Moving], release: Release) -> None:
        self.act("shift")
        self.live = release.content
        self.effect("shift")

    def rest(self, moving: Sequence[Moving]) -> None:
        self.act("rest")
        self.effect("rest")

    def follow(self, moving: Sequence[Moving]) -> None:
        self.act("follow")
        if self.live != self.stack:
            self.live = self.stack
            self.effect("follow")

    def check(self, moving: Sequence[Moving], outputs: Mapping[str, str]) -> None:
        self.act("check")


class Logged(Memory):
    """Records whose writing is a side effect of its environment."""

    def __init__(self, there: Environment) -> None:
        super().__init__(there.records.held, there.records.lock)
        self.there = there

    def put(self, key: str, data: bytes) -> bool:
        self.there.act(key.partition("/")[0])
        written = super().put(key, data)
        if written:
            self.there.effect(key.partition("/")[0])
        return written


def deployment(there: Environment, holder: str = "me", ledger: Ledger | None = None) -> Deployment:
    """The tools of one process. `there.told` says of each failure whether it was written down already."""
    ledger = ledger or Ledger(Logged(there))

    class Asked:
        is_needed = property(lambda self: there.shifts)
        check = staticmethod(there.check)

    def tell(release: Release, cause: str, restored: bool) -> None:
        there.told.append((release.number, cause, restored, ledger.outcome(release.number) is not None))

    lease = Lease(there.cell, holder, f"{holder}@example", lambda: there.now)
    tools = Deployment(
        ledger, lease, there, there, Asked(), lambda: there.now, there.said.append, "ann"  # type: ignore[arg-type]
    )  # fmt: skip
    tools.tell = tell
    return tools


def run(there: Environment, what: Proposal, holder: str = "me") -> Done:
    return deployment(there, holder).run(what)

"""One release from its intent to its outcome, and back to what ran before where it fails.

    look -> [lease] -> look again -> settle what was cut off -> intent -> bytes -> stack -> checks
      -> traffic -> stack -> read back -> outcome

A kill at any point leaves the ledger and the stack in a state from which the same call goes on: every step
first looks whether it is done. What failed is marked before it is taken back, so it is not tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from runner.errors import InfrastructureError, LockgateError, RefusedError, SolutionError
from runner.release.content import same
from runner.release.lease import Busy, Lease, Lost
from runner.release.ledger import Failing, Ledger
from runner.release.records import Content, Ended, Outcome, Release
from runner.release.target import Moving, Target, Wanted
from runner.text import one_line

ALL_AT_ONCE = "all-at-once"


class Traffic(Protocol):
    """Moves aliases, unless the stack itself does (`is_needed`).

    `shift` raises SolutionError where the new versions must not have the traffic; `rest` gives all of it to
    where the aliases point, `follow` to what the stack has published. Each may be called again after a
    kill."""

    def is_needed(self, release: Release) -> bool: ...
    def shift(self, moving: Sequence[Moving], release: Release) -> None: ...
    def rest(self, moving: Sequence[Moving]) -> None: ...
    def follow(self, moving: Sequence[Moving]) -> None: ...


class BeforeTraffic(Protocol):
    """What is asked of new versions before they get any traffic; raises SolutionError."""

    @property
    def is_needed(self) -> bool: ...
    def check(self, moving: Sequence[Moving], outputs: Mapping[str, str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants: a content, and how the release that brings it is written into the ledger.

    `since`: the number of the release that ran when it was made, whose content is a part of it; None where
    it stands for itself."""

    content: Content
    make: Callable[[Release | None, int], Release]  # the last release, the good one's number -> an intent
    manifest: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What the ledger says: the last release, its outcome, and the newest that succeeded."""

    last: Release | None
    outcome: Outcome | None
    good: Release | None

    @property
    def unfinished(self) -> Release | None:
        return self.last if self.last and not self.outcome else None


@dataclass(frozen=True, slots=True)
class Done:
    """How it went; `outcome` is None where nothing had to be done. `offer`: a command that may come next."""

    release: Release
    outcome: Outcome | None
    offer: str = ""


@dataclass
class Deployment:
    """The tools of one environment. `target` is its stack and what runs in it; `tell` is told a failure."""

    ledger: Ledger
    lease: Lease
    target: Target
    traffic: Traffic
    before_traffic: BeforeTraffic
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    by: str
    tell: Callable[[Release, str, bool], None] = lambda release, cause, restored: None
    drift: tuple[str, ...] = field(default=(), init=False)

    def run(self, proposal: Proposal) -> Done:
        """Make a content run. A failed release is told by its outcome; raises LockgateError where the
        world stopped it half-way: the same call again goes on."""
        if (settled := self.settled(proposal)) is not None:
            return Done(settled, None)
        self._tell_drift(proposal.content)
        with self._held(proposal):
            if (settled := self.settled(proposal)) is not None:
                return Done(settled, None)
            self._require_current(proposal)
            release = self._intent(proposal)
            return Done(release, self._carry_out(release))

    def view(self) -> View:
        """What the ledger says now."""
        last = self.ledger.last()
        outcome = self.ledger.outcome(last.number) if last else None
        good = last if outcome and outcome.ended is Ended.SUCCEEDED else self.ledger.good()
        return View(last, outcome, good)

    def settled(self, proposal: Proposal) -> Release | None:
        """The release that did all this already, if what runs says so too. Reads, and nothing else."""
        view = self.view()
        release = view.last
        if release is None or view.outcome is None:
            return None
        if view.outcome.ended is not Ended.SUCCEEDED or release.manifest != proposal.manifest:
            return None
        if not same(release.content, proposal.content):
            return None
        return release if not self.target.differences(self.target.wanted(release.content)) else None

    def _require_current(self, proposal: Proposal) -> None:
        """What was made from another release's content would take back, unseen, what came in between."""
        good = self.view().good
        if proposal.since is not None and good is not None and good.number != proposal.since:
            raise Busy(
                f"release {good.number} took the place of release {proposal.since} meanwhile",
                where=self.ledger.records.url,
                hint="nothing was changed; look at `lockgate status`, then run the same command again",
            )

    def _tell_drift(self, content: Content) -> None:
        self.drift = tuple(self.target.drift(content.stack_name))
        cut = self.view().unfinished if self.drift else None
        whose = f" or by release {cut.number}, which was cut off" if cut else ""
        for line in self.drift:
            self.say(f"changed by hand{whose}: {line}")

    @contextmanager
    def _held(self, proposal: Proposal) -> Iterator[None]:
        """The lease for as long as it takes; given back whatever happens, unless it was lost."""
        self.lease.acquire(f"{proposal.content.stack_name} {proposal.manifest[:12]}")
        try:
            yield
        except InfrastructureError as error:
            self._require_held(error)
            raise
        finally:
            self._give_back()

    def _require_held(self, error: InfrastructureError) -> None:
        """What another holder took away under this one's hands is no fault of AWS's: Lost says so."""
        try:
            self.lease.check()
        except Lost as lost:
            raise lost from error
        except LockgateError as worse:
            self.say(f"whether the lease is still held could not be told: {one_line(str(worse))}")

    def _give_back(self) -> None:
        try:
            self.lease.release()
        except LockgateError as error:
            self.say(f"the lease could not be given back, it ends by itself: {one_line(str(error))}")

    def _intent(self, proposal: Proposal) -> Release:
        """The release to carry out: the one that was cut off if it is this very one, else a new one."""
        view = self.view()
        if (cut := view.unfinished) is not None:
            if cut.manifest == proposal.manifest and same(cut.content, proposal.content):
                self.say(f"release {cut.number} was cut off: going on with it")
                return cut
            self._abandon(cut)
        good = self.ledger.good()
        wanted = proposal.make(view.last, good.number if good else 0)
        return self.ledger.intend(
            wanted.id, lambda last: replace(wanted, number=last.number + 1 if last else 1)
        )

    def _abandon(self, cut: Release) -> None:
        """Somebody else's release that was cut off: its traffic goes back, and it is over.

        One that had failed stays a failure, which may not have been told yet."""
        self.say(f"release {cut.number} ({cut.name or cut.id}) was cut off: it is given up")
        self.target.token = cut.id
        self.target.settle(cut.content)
        self.traffic.rest(self.target.aliases(cut.content.stack_name))
        if failing := self.ledger.failing(cut.number):
            cause = f"{failing.cause}; taking it back was cut off, and another release took its place"
            self._conclude(cut, Ended.FAILED, cause)
        else:
            self._conclude(cut, Ended.ABANDONED, "it was cut off, and another release took its place")

    def _carry_out(self, release: Release) -> Outcome:
        self.target.token = release.id
        failing = self.ledger.failing(release.number)
        if failing is None:
            try:
                return self._forward(release)
            except (SolutionError, RefusedError) as error:
                failing = Failing(release.number, one_line(error.what, 2000))
                self.ledger.mark_failing(failing)
        self.say(f"FAILED: {failing.cause}")
        return self._take_back(release, failing.cause)

    def _forward(self, release: Release) -> Outcome:
        wanted = self.target.wanted(release.content)
        self.target.publish(release.content)
        moving = self._prepared(release, wanted)
        self._arrive(wanted)
        if moving:
            self._require_no_drift(release.content)
        for line in self.target.unseen(wanted):
            self.say(line)
        return self._conclude(release, Ended.SUCCEEDED, "", wanted)

    def _prepared(self, release: Release, wanted: Wanted) -> list[Moving]:
        """Publish new versions beside the old ones, ask them, and move the traffic; what was moved.

        Nothing where the stack itself moves it, all at once, unasked."""
        if not (self.traffic.is_needed(release) or self.before_traffic.is_needed):
            return []
        moving = self.target.publish_versions(wanted)
        if moving:
            if found := self.target.unfit(wanted):
                raise SolutionError(f"what was published is not what was deployed: {'; '.join(found)}")
            self.before_traffic.check(moving, self.target.outputs(release.content.stack_name))
            self.traffic.shift(moving, release)
        return moving

    def _arrive(self, wanted: Wanted) -> None:
        """The stack at its template, its aliases at what it published, and all of it read back."""
        self.target.bring_to(wanted)
        self.traffic.follow(self.target.moving(wanted))
        self._require(wanted)

    def _require(self, wanted: Wanted) -> None:
        """What really runs is what was to run: a platform that silently kept or restored the old one, or
        anybody else, is found here."""
        if found := self.target.differences(wanted):
            raise SolutionError(f"what runs is not what was deployed: {'; '.join(found)}")

    def _require_no_drift(self, content: Content) -> None:
        """After traffic was moved beside it, the stack's template and what runs are one again."""
        known = set(self.drift)
        if found := [line for line in self.target.drift(content.stack_name) if line not in known]:
            raise SolutionError(f"the stack drifted while it was deployed: {'; '.join(found)}")

    def _take_back(self, release: Release, cause: str) -> Outcome:
        """Production as it was before; the outcome says whether that succeeded."""
        good = self.ledger.good(before=release.number)
        if good is None:
            return self._conclude(release, Ended.FAILED, f"{cause} (nothing ran before it)")
        wanted = self.target.wanted(good.content)
        try:
            self.target.settle(good.content)
            self.traffic.rest(self.target.aliases(release.content.stack_name))
            self._arrive(wanted)
        except (SolutionError, RefusedError) as error:
            worse = f"{cause}; and release {good.number} could not be brought back: {one_line(error.what)}"
            return self._conclude(release, Ended.FAILED, worse, restored=False)
        self.say(f"release {good.number} ({good.name or good.id}) runs again")
        return self._conclude(release, Ended.FAILED, cause, wanted, restored=True)

    def _conclude(
        self, release: Release, ended: Ended, cause: str, wanted: Wanted | None = None, restored: bool = False
    ) -> Outcome:
        outputs = self.target.outputs(release.content.stack_name)
        running = self.target.facts(wanted) if wanted else {}
        if ended is Ended.FAILED:  # first told, then written down: at least once, whatever is killed
            self.tell(release, cause, restored)
        when = self.clock().isoformat(timespec="seconds")
        outcome = Outcome(
            release.number, ended, cause, when, self.by, restored, outputs, running, self.drift
        )  # fmt: skip
        standing = self.ledger.conclude(outcome)
        if standing.ended is not ended:
            raise InfrastructureError(
                f"release {release.number} is {standing.ended} already", where=self.ledger.records.url
            )
        return standing

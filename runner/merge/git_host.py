"""Any repository that git reaches: a fast-forward push with a lease, and nothing else.

The lease makes the push a compare-and-swap: it is done only while the target is where it was seen. That it
is a fast-forward is known before, from the histories.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.adapters.git_remote import Pushed, Remote
from runner.errors import InfrastructureError, LockgateError, RefusedError, UsageError
from runner.merge.git_tree import commit, differences
from runner.merge.records import SHORT, Change, Merged, Reverted, Seen, Strategy, Undoing, Wanted
from runner.merge.refusals import AGAIN
from runner.merge.undo import undo


@dataclass(frozen=True, slots=True)
class GitHost:
    """A `records.Host` (which says what the methods do) over a repository elsewhere."""

    remote: Remote

    @property
    def place(self) -> str:
        return self.remote.shown

    def see(self, wanted: Wanted) -> Seen:
        if wanted.strategy is not Strategy.FAST_FORWARD:
            hint = "merge there by hand and test what comes of it, or leave out --strategy"
            raise UsageError(
                "only CodeCommit merges by itself: here it is a fast-forward or nothing", hint=hint
            )
        source, target = self._fetched(wanted.source, wanted.target)
        if not self._has(wanted.commit):
            return Seen(source, target, known=False)
        contains = self.remote.contains
        in_target, forward = contains(wanted.commit, target), contains(target, wanted.commit)
        conflicts = () if in_target or forward else self.remote.conflicts(target, wanted.commit)
        in_source = contains(wanted.commit, source)
        return Seen(source, target, True, in_source, in_target, forward, conflicts if in_source else ())

    def _fetched(self, *branches: str) -> list[str]:
        """The tips of branches, which are there with their history."""
        tips = self.remote.tips(*branches)
        for branch in branches:
            if branch not in tips:
                raise UsageError("there is no such branch", where=f"{self.place} {branch}")
        self.remote.fetch(*tips.values())
        return [tips[branch] for branch in branches]

    def _has(self, tested: str) -> bool:
        """Whether the other side has a commit: in these branches, or anywhere if it hands it out."""
        if not self.remote.has(tested):
            try:
                self.remote.fetch(tested)
            except InfrastructureError:
                return False
        return self.remote.has(tested)

    def merge(self, wanted: Wanted, seen: Seen) -> Merged:
        pushed, failure = Pushed(), None
        try:
            pushed = self.remote.push(wanted.commit, wanted.target, seen.target_tip)
        except InfrastructureError as error:
            failure = error
        tip = self._read_again(wanted.target, failure)
        if self._contained(wanted.commit, tip):
            return Merged(seen.target_tip, tip, "fast-forward")
        raise failure or self._refused(pushed, wanted, tip)

    def _read_again(self, branch: str, failure: LockgateError | None) -> str:
        """A branch's tip after a push, whatever the push said."""
        try:
            return self._fetched(branch)[0]
        except LockgateError as error:
            first = f"{failure.what}; then " if failure else ""
            raise InfrastructureError(
                f"whether {branch} was moved could not be told: {first}{error.what}",
                where=self.place,
                hint=f"{AGAIN} finds out, and goes on",
            ) from error

    def _contained(self, tested: str, tip: str) -> bool:
        return tip == tested or self.remote.contains(tested, tip)

    def _refused(self, pushed: Pushed, wanted: Wanted, tip: str) -> LockgateError:
        if pushed.stale:
            what = f"somebody else moved {wanted.target} at the same moment, to {tip[:SHORT]}"
            return RefusedError(f"{what}; nothing was changed", where=self.place, hint=AGAIN)
        if pushed.reason:
            return self._declined(pushed, wanted.target)
        what = f"the push was answered as done, but {wanted.target} is at {tip[:SHORT]}"
        return InfrastructureError(what, where=self.place)

    def _declined(self, pushed: Pushed, branch: str) -> RefusedError:
        words = f": {pushed.words}" if pushed.words else ""
        why = f"({pushed.reason}{words})"
        return RefusedError(
            f"the host does not let this identity push {branch} {why}; nothing was changed",
            where=self.place,
            hint=f"if {branch} is protected, let this identity push it, or merge by a request there",
        )

    def undoable(self, undoing: Undoing) -> tuple[Change, ...]:
        return self._undo(undoing, self._fetched(undoing.target)[0])

    def _undo(self, undoing: Undoing, tip: str) -> tuple[Change, ...]:
        for one, of in ((undoing.commit, tip), (undoing.since, undoing.commit)):
            if not self.remote.has(one) or not self.remote.contains(one, of):
                what = f"{of[:SHORT]} does not contain {one[:SHORT]}; nothing was changed"
                hint = f"name a commit that {undoing.target} has, and one before it"
                raise RefusedError(what, where=f"{self.place} {undoing.target}", hint=hint)
        brought = differences(self.remote, undoing.since, undoing.commit)
        return undo(undoing, brought, differences(self.remote, undoing.commit, tip), self.place)

    def revert(self, undoing: Undoing) -> Reverted:
        tip = self._fetched(undoing.target)[0]
        changes = self._undo(undoing, tip)
        paths = tuple(change.path for change in changes)
        if found := self._made(undoing):
            return Reverted(undoing.branch, found, paths)
        made = commit(self.remote, tip, undoing.message, changes)
        failure: LockgateError | None = None
        try:
            pushed = self.remote.push(made, undoing.branch, "")
            failure = None if not pushed.reason else self._declined(pushed, undoing.branch)
        except InfrastructureError as error:
            failure = error
        if found := self._made(undoing):
            return Reverted(undoing.branch, found, paths)
        raise failure or InfrastructureError(
            "the push was answered as done, but is not there", where=self.place
        )

    def _made(self, undoing: Undoing) -> str:
        """The revert that is there already, '' where there is none. Raises RefusedError for another one's."""
        tip = self.remote.tips(undoing.branch).get(undoing.branch, "")
        if not tip:
            return ""
        self.remote.fetch(tip)
        if undoing.trailer not in self.remote.local("log", "-1", "--format=%B", tip).splitlines():
            hint = f"delete the branch {undoing.branch}, if nobody needs it"
            raise RefusedError(
                f"{undoing.branch} is something else; nothing was changed", where=self.place, hint=hint
            )
        return tip

"""CodeCommit as a host: pull requests, so that approval rules hold, merged at the tested commit and no other.

The pull request is from the source branch while that is at the tested commit. Where the branch has moved
on, it is from a branch of its own at that commit (`lockgate/tested-COMMIT`), which is removed afterwards:
what was tested and deployed reaches the target though dev does not stand still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import InfrastructureError, LockgateError, RefusedError
from runner.merge import pull_request as pulls
from runner.merge.pull_request import PullRequest, Text
from runner.merge.records import SHORT, Change, Merged, Reverted, Seen, Strategy, Undoing, Wanted
from runner.merge.refusals import AGAIN, told
from runner.merge.repository import Repository
from runner.merge.undo import undo

SQUASHED = 100  # commits of the target that are looked through for a squash of the tested one


@dataclass(frozen=True, slots=True)
class CodeCommitHost:
    """A `records.Host` (which says what the methods do) over a repository in CodeCommit."""

    repository: Repository

    @property
    def place(self) -> str:
        return self.repository.place

    def see(self, wanted: Wanted) -> Seen:
        source, target = self.repository.tip(wanted.source), self.repository.tip(wanted.target)
        if not self.repository.commit(wanted.commit):
            return Seen(source, target, known=False)
        base = self.repository.base(wanted.commit, target)
        if base == wanted.commit or self._squashed(wanted, target, base):
            return Seen(source, target, in_target=True)
        in_source = self.repository.base(wanted.commit, source) == wanted.commit
        forward = base == target
        conflicts = () if forward else self.repository.conflicts(wanted.commit, target)
        return Seen(source, target, True, in_source, False, forward, conflicts)

    def _squashed(self, wanted: Wanted, target: str, base: str) -> bool:
        """Whether one of the target's newest commits says that it is the tested one, squashed."""
        at = target
        for _ in range(SQUASHED if wanted.strategy is Strategy.SQUASH else 0):
            if at == base or not at:
                break
            found = self.repository.commit(at)
            if _trailer(wanted) in str(found.get("message", "")).splitlines():
                return True
            at = next(iter(found.get("parents", ())), "")
        return False

    def merge(self, wanted: Wanted, seen: Seen) -> Merged:
        pull = self._pull_request(wanted, seen)
        notes = pulls.require_mergeable(self.repository, pull, wanted.commit)
        message = f"{wanted.title}\n\n{_trailer(wanted)}\n"
        pulls.merge(self.repository, pull, wanted.commit, wanted.strategy, message)
        after = self._confirmed(wanted, pull)
        how = f"pull request {pull.id}, {wanted.strategy}"
        return Merged(seen.target_tip, after, how, (*notes, *self._removed(pull, wanted)))

    def _pull_request(self, wanted: Wanted, seen: Seen) -> PullRequest:
        """The open one of this commit, else a new one."""
        own = _own_branch(wanted)
        found = pulls.find(self.repository, (wanted.source, own), wanted.target, wanted.commit)
        if found:
            return found
        branch = wanted.source
        if seen.source_tip != wanted.commit:
            branch = own
            self._at(branch, wanted.commit)
        text = Text(wanted.title, wanted.description)
        return pulls.open_one(self.repository, branch, wanted.target, wanted.commit, text)

    def _at(self, branch: str, commit: str) -> None:
        """A branch at a commit, made where there is none."""
        tip = self.repository.tip_if_any(branch)
        if not tip:
            self.repository.create_branch(branch, commit)
        elif tip != commit:
            hint = "delete it, if nobody needs it"
            raise RefusedError(
                f"{branch} is at {tip[:SHORT]}; nothing was merged", where=self.place, hint=hint
            )

    def _confirmed(self, wanted: Wanted, pull: PullRequest) -> str:
        """The target's tip after the merge, which contains the tested commit, unless that was squashed."""
        try:
            tip = self.repository.tip(wanted.target)
            there = (
                wanted.strategy is Strategy.SQUASH
                or self.repository.base(wanted.commit, tip) == wanted.commit
            )
        except LockgateError as error:
            what = f"pull request {pull.id} was merged, but {wanted.target} could not be read again"
            raise InfrastructureError(f"{what}: {error.what}", where=self.place, hint=AGAIN) from error
        if not there:
            what = f"pull request {pull.id} was merged, but {wanted.target} ({tip[:SHORT]}) lacks the commit"
            raise InfrastructureError(what, where=self.place, hint=f"look at {wanted.target}'s history")
        return tip

    def _removed(self, pull: PullRequest, wanted: Wanted) -> tuple[str, ...]:
        """The branch of its own goes with its pull request; that it stays undoes no merge."""
        branch = _own_branch(wanted)
        if pull.source != f"{pulls.HEADS}{branch}":
            return ()
        try:
            with told(self.place):
                self.repository.call("delete_branch", branchName=branch)
        except LockgateError as error:
            return (f"the branch {branch} is left: {error.what}",)
        return ()

    def undoable(self, undoing: Undoing) -> tuple[Change, ...]:
        return self._undo(undoing, self.repository.tip(undoing.target))

    def _undo(self, undoing: Undoing, tip: str) -> tuple[Change, ...]:
        for commit, of, named in (
            (undoing.commit, tip, f"{undoing.target} ({tip[:SHORT]})"),
            (undoing.since, undoing.commit, f"{undoing.commit[:SHORT]}"),
        ):
            if self.repository.base(commit, of) != commit:
                what = f"{named} does not contain {commit[:SHORT]}; nothing was changed"
                raise RefusedError(
                    what, where=self.place, hint="name a commit that does, with its release before"
                )
        brought = self.repository.differences(undoing.since, undoing.commit)
        later = self.repository.differences(undoing.commit, tip) if tip != undoing.commit else []
        return undo(undoing, brought, later, self.place)

    def revert(self, undoing: Undoing) -> Reverted:
        target = self.repository.tip(undoing.target)
        changes = self._undo(undoing, target)
        tip = self._reverted(undoing, target, changes)
        title, _, description = undoing.message.partition("\n\n")
        text = Text(title, description)
        found = pulls.find(self.repository, (undoing.branch,), undoing.target, tip)
        pull = found or pulls.open_one(self.repository, undoing.branch, undoing.target, tip, text)
        return Reverted(undoing.branch, tip, tuple(change.path for change in changes), pull.id)

    def _reverted(self, undoing: Undoing, target: str, changes: Sequence[Change]) -> str:
        """The tip of the branch with the revert: as it is there already, or made now.

        A branch that only was begun is at a commit of the target's and goes on from there."""
        tip = self.repository.tip_if_any(undoing.branch)
        if not tip:
            self.repository.create_branch(undoing.branch, target)
            return self._made(undoing, target, changes)
        is_merged = self.repository.base(tip, target) == tip
        if is_merged == self._is_revert(tip, undoing):
            why = "was merged already" if is_merged else "is something else"
            hint = f"delete the branch {undoing.branch}, if nobody needs it"
            raise RefusedError(f"{undoing.branch} {why}; nothing was changed", where=self.place, hint=hint)
        return self._made(undoing, tip, self._undo(undoing, tip)) if is_merged else tip

    def _made(self, undoing: Undoing, parent: str, changes: Sequence[Change]) -> str:
        try:
            self.repository.create_commit(undoing.branch, parent, undoing.message, changes)
        except LockgateError as failure:
            return self._made_after_all(undoing, failure)
        return self.repository.tip(undoing.branch)

    def _made_after_all(self, undoing: Undoing, failure: LockgateError) -> str:
        """An answer that was lost: the branch says whether the commit was made."""
        try:
            tip = self.repository.tip_if_any(undoing.branch)
            if tip and self._is_revert(tip, undoing):
                return tip
        except LockgateError:
            raise failure from None
        raise failure

    def _is_revert(self, commit: str, undoing: Undoing) -> bool:
        return undoing.trailer in str(self.repository.commit(commit).get("message", "")).splitlines()


def _own_branch(wanted: Wanted) -> str:
    return f"lockgate/tested-{wanted.commit}"


def _trailer(wanted: Wanted) -> str:
    return f"Lockgate-Commit: {wanted.commit}"

"""Taking back what a commit brought, file by file: pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.errors import RefusedError
from runner.merge.decide import named
from runner.merge.records import Change, Undoing


def undo(
    undoing: Undoing, brought: Sequence[Change], later: Sequence[Change], place: str
) -> tuple[Change, ...]:
    """The changes on top of the target that bring each file back to what it was.

    `brought`: from `since` to the commit. `later`: from the commit to the target's tip. Raises
    RefusedError where a file was changed again since: only a person knows what it should be."""
    now = {change.path: change.after for change in later}
    present = [(change, now.get(change.path, change.after)) for change in brought]
    open_ = [(change, blob) for change, blob in present if blob != change.before]
    clashes = sorted(change.path for change, blob in open_ if blob != change.after)
    if clashes:
        raise RefusedError(
            f"{undoing.target} has changed {named(clashes)} since {undoing.name}; nothing was changed",
            where=place,
            hint="take it back by hand, with git revert",
        )
    return tuple(Change(change.path, blob, change.before) for change, blob in open_)

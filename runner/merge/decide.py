"""Whether a tested commit may be merged: pure, from what the host was seen to have."""

from __future__ import annotations

from collections.abc import Sequence

from runner.errors import RefusedError
from runner.merge.records import SHORT, Seen, Strategy, Wanted
from runner.text import one_line

SHOWN = 10  # files named in a message


def is_needed(wanted: Wanted, seen: Seen, place: str) -> bool:
    """False where the target has the commit already. Raises RefusedError where it may not get it."""
    if not seen.known:
        raise _refused(f"there is no commit {wanted.commit}", place, "push the commit that was tested")
    if seen.in_target:
        return False
    if not seen.in_source:
        raise _rewritten(wanted, seen, place)
    if seen.conflicts:
        raise _conflict(wanted, seen, place)
    if not seen.forward and wanted.strategy is Strategy.FAST_FORWARD:
        raise _diverged(wanted, seen, place)
    return True


def named(paths: Sequence[str]) -> str:
    """Files for a message: the first ones by name, the others by number."""
    shown = ", ".join(one_line(path, 200) for path in paths[:SHOWN])
    more = len(paths) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _rewritten(wanted: Wanted, seen: Seen, place: str) -> RefusedError:
    tip = seen.source_tip[:SHORT]
    what = f"{wanted.source} is at {tip}, which does not contain the tested {_tested(wanted)}"
    return _refused(what, place, f"{wanted.source} was rewritten: test what it has now, and merge that")


def _conflict(wanted: Wanted, seen: Seen, place: str) -> RefusedError:
    both = f"{wanted.target} ({seen.target_tip[:SHORT]}) and the tested {_tested(wanted)}"
    hint = f"merge {wanted.target} into {wanted.source}, test that, and merge what was tested"
    return _refused(f"{both} conflict in {named(seen.conflicts)}", place, hint)


def _diverged(wanted: Wanted, seen: Seen, place: str) -> RefusedError:
    tip = seen.target_tip[:SHORT]
    what = f"{wanted.target} has moved on to {tip}, which the tested {_tested(wanted)} does not contain"
    hint = f"merge {wanted.target} into {wanted.source}, test that, and merge what was tested"
    return _refused(what, place, hint)


def _tested(wanted: Wanted) -> str:
    return wanted.commit[:SHORT]


def _refused(what: str, place: str, hint: str) -> RefusedError:
    return RefusedError(f"{what}; nothing was changed", where=place, hint=hint)

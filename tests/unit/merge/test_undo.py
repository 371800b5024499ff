from __future__ import annotations

import pytest

from runner.errors import RefusedError
from runner.merge.records import Blob, Change, Undoing
from runner.merge.undo import undo

OLD, NEW, LATER = (Blob(name, "100644") for name in ("old", "new", "later"))
UNDOING = Undoing("c" * 40, "b" * 40, "2026.11.22-2")


@pytest.mark.parametrize(
    ("before", "after"), [(OLD, NEW), (None, NEW), (OLD, None), (OLD, Blob("old", "100755"))]
)
def test_a_change_is_turned_round(before: Blob | None, after: Blob | None) -> None:
    assert undo(UNDOING, [Change("a", before, after)], [], "host") == (Change("a", after, before),)


def test_what_is_as_it_was_already_is_left() -> None:
    assert undo(UNDOING, [Change("a", OLD, NEW)], [Change("a", NEW, OLD)], "host") == ()


def test_other_files_that_came_later_are_left() -> None:
    assert undo(UNDOING, [], [Change("b", None, LATER)], "host") == ()


@pytest.mark.parametrize("now", [LATER, None, Blob("new", "100755")])
def test_a_file_that_was_changed_since_is_refused_by_name(now: Blob | None) -> None:
    with pytest.raises(RefusedError, match=r"main has changed a since 2026\.11\.22-2"):
        undo(UNDOING, [Change("a", OLD, NEW), Change("b", OLD, NEW)], [Change("a", NEW, now)], "host")

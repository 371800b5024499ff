"""How statuses combine: ERROR outranks FAILED, FAILED outranks PASSED, SKIPPED says nothing."""

from __future__ import annotations

from collections.abc import Iterable

from runner.model import Status

RANK = {Status.SKIPPED: 0, Status.PASSED: 1, Status.FAILED: 2, Status.ERROR: 3}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some statuses; of none, or of skipped ones alone, ERROR: nothing was shown."""
    status = max(statuses, key=RANK.__getitem__, default=Status.SKIPPED)
    return Status.ERROR if status is Status.SKIPPED else status

"""When two results say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def same_field(name: str, ours: Any, theirs: Any) -> bool:
    """Values missing from a column come from a Python set, in an order that changes from run to run."""
    if name == "partial_missing_list":
        return set(ours) == set(theirs)
    return same(ours, theirs)


def same(ours: Any, theirs: Any) -> bool:
    """Equal but for the last digits of a float: sums in another order differ by those."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(same_field(k, ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if ours is None or theirs is None or ours != ours or theirs != theirs:  # JSON has no NaN
        return (ours is None or ours != ours) and (theirs is None or theirs != theirs)
    if isinstance(ours, float) and isinstance(theirs, float | int) and type(theirs) is not bool:
        return math.isclose(ours, theirs, rel_tol=1e-9)
    if isinstance(ours, str) and isinstance(theirs, str):  # numpy has texts of its own
        return ours == theirs
    return type(ours) is type(theirs) and bool(ours == theirs)

"""Two sets of limits -> which were loosened and which tightened (pure).

A limit is what a check may measure: `limits` of the criteria, suites and stages in a manifest. A rule that
is gone is loosened, one that is new is tightened; where a change has no direction that can be told from its
name, it is CHANGED.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.text import one_line

LOOSENED, TIGHTENED, CHANGED = "LOOSENED", "TIGHTENED", "CHANGED"
# What makes a rule stricter as it grows, and what as it shrinks.
STRICTER_HIGHER = ("min", "min_value", "by", "mostly", "min_checks")
STRICTER_LOWER = ("max", "max_value", "margin", "min_rows", "tolerance", "within", "worse_by")
STRICTER_TRUE = ("strict_min", "strict_max")
SEVERITY = {"info": 0, "warning": 1, "critical": 2}
# What stands where a limit does not name it. Of bounds there is none: without one, anything goes.
DEFAULTS: dict[str, Any] = {"mostly": 1.0, "severity": "critical", "strict_min": False, "strict_max": False}
MISSING = object()


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(check, words, LOOSENED | TIGHTENED | CHANGED) of each limit that is not the same."""
    for check in sorted({*before, *after}):
        old, new = before.get(check), after.get(check)
        if old == new and check in before and check in after:
            continue
        if check not in after:
            yield check, f"{shown(old)}: removed", LOOSENED
        elif check not in before:
            yield check, f"{shown(new)}: added", TIGHTENED
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from ((check, words, way) for words, way in _within(check, old, new))
        else:
            yield check, f"{shown(old)} -> {shown(new)}", CHANGED


def _within(check: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in sorted({*old, *new}):
        before, after = (side.get(name, DEFAULTS.get(name, MISSING)) for side in (old, new))
        if before is MISSING or after is MISSING or before != after:
            yield f"{name} {shown(before)} -> {shown(after)}", direction(check, name, before, after)


def direction(check: str, name: str, before: Any, after: Any) -> str:
    """Whether a limit that changed from `before` to `after` lets more pass."""
    if before is MISSING or after is MISSING:
        return _appeared(name, is_new=before is MISSING)
    if name in ("value_set", "column_set"):
        return _sets(check, before, after)
    old, new = _rank(check, name, before), _rank(check, name, after)
    return CHANGED if old is None or new is None or old == new else _way(stricter=new > old)


def _appeared(name: str, *, is_new: bool) -> str:
    """Without `min_rows` no slice is skipped; without any other bound nothing is refused."""
    if name == "min_rows":
        return _way(stricter=not is_new)
    return _way(stricter=is_new) if name in (*STRICTER_HIGHER, *STRICTER_LOWER) else CHANGED


def _rank(check: str, name: str, value: Any) -> float | None:
    """How strict a value is, higher is stricter; None where that cannot be told."""
    if name == "severity":
        return SEVERITY.get(value) if isinstance(value, str) else None
    if name in STRICTER_TRUE and isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if name in STRICTER_HIGHER:
        return float(value)
    lower = name in STRICTER_LOWER or (name == "threshold" and "to_be_less_than" in check)
    return -float(value) if lower else None


def _way(*, stricter: bool) -> str:
    return TIGHTENED if stricter else LOOSENED


def _sets(check: str, before: Any, after: Any) -> str:
    """A larger set of what values may be lets more pass; of what they may not be, or must hold, less."""
    if not isinstance(before, list) or not isinstance(after, list):
        return CHANGED
    old, new = ({shown(item) for item in side} for side in (before, after))
    if not (old < new or new < old) or "equal_set" in check or "match_set" in check:
        return CHANGED
    reversed_ = "not_be_in_set" in check or "contain_set" in check
    return _way(stricter=(new < old) is not reversed_)


def shown(value: Any) -> str:
    """A limit as a person reads it."""
    if value is MISSING:
        return "none"
    if isinstance(value, Mapping):
        parts = [f"{name} {shown(item)}" for name, item in sorted(value.items())]
        return one_line(", ".join(parts) or "no arguments", 200)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return one_line("true" if value is True else "false" if value is False else value, 120)

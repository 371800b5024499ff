"""Whether a state machine's definition is the one that was meant, with what was put into it (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

PLACE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


def is_same(meant: str, runs: str, substitutions: Mapping[str, str]) -> bool:
    """Whether `runs` is `meant`: the same JSON whatever its spaces, else the same text.

    A ${place} is what `substitutions` give for it; one that they do not give may be anything, since it is
    another resource's name, which CloudFormation keeps."""
    try:
        one, other = json.loads(meant), json.loads(runs)
    except (ValueError, RecursionError):
        one, other = meant, runs
    return _same(one, other, substitutions)


def _same(one: Any, other: Any, given: Mapping[str, str]) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(v, other[k], given) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other, [given] * len(one)))
    if isinstance(one, str) and isinstance(other, str):
        return _fits(PLACE.sub(lambda place: given.get(place[1], place[0]), one), other)
    return type(one) is type(other) and bool(one == other)


def _fits(pattern: str, text: str) -> bool:
    """Whether a text has a pattern's fixed pieces in their order, with anything at its places."""
    first, *pieces = PLACE.split(pattern)[::2]
    if not pieces:
        return pattern == text
    last, at = pieces.pop(), len(first)
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return text.startswith(first) and text.endswith(last) and at <= len(text) - len(last)

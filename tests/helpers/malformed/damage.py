"""Seeded damage: bytes changed, values exchanged."""

from __future__ import annotations

import json
import random
from typing import Any

JUNK = (
    b"\0",
    b"\xff\xfe",
    b"\x80\x04",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"{" * 500,
    b'"',
    b"\x1f\x8b",
    b"- &a [*a]\n",
)
VALUES = [None, [], {}, 0, -1, "", "A", [1], {"A": []}, [[]], 1e308, "\u202e", True]


def damaged(draw: random.Random, whole: bytes, least: int = 1) -> bytes:
    """A file with bytes changed, cut out, doubled or put in; never the same."""
    data = bytearray(whole)
    for _ in range(draw.randint(least, 12)):
        at = draw.randrange(len(data) + 1)
        how = draw.randrange(5)
        if how == 0 and at < len(data):
            data[at] = draw.randrange(256)
        elif how == 1:
            del data[at : at + draw.randint(1, 1 + len(data) // 8)]
        elif how == 2:
            data[at:at] = draw.choice(JUNK)
        elif how == 3:
            data[at:at] = data[at : at + draw.randint(1, 64)]
        else:
            del data[draw.randint(len(data) // 2, len(data)) :]
    return bytes(data) if data != whole else whole + b"\0"


def altered(draw: random.Random, whole: Any) -> Any:
    """A JSON value of which some value within is another one."""
    data = json.loads(json.dumps(whole))
    node = data
    while True:
        key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if not (isinstance(node[key], dict | list) and node[key]) or draw.random() < 0.2:
            break
        node = node[key]
    node[key] = draw.choice([value for value in VALUES if value != node[key]])
    return data

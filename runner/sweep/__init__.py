"""Removing what test stacks left: found by the tags that Lockgate gave, planned, then removed.

    find (AWS -> Found) -> plan (pure) -> remove

Nothing is removed that does not carry all three tags of a test (`lockgate:purpose=test`, a solution, a
run), and nothing of a run that may still be at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

PURPOSE, SOLUTION, RUN = "lockgate:purpose", "lockgate:solution", "lockgate:run"
TEST = "test"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of the account, as DescribeStacks tells it. `touched`: when it was last made or updated."""

    id: str
    name: str
    status: str
    touched: datetime
    tags: Mapping[str, str]
    nested: bool = False
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource by its ARN, with its tags."""

    arn: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is, before anything is chosen; in no order."""

    stacks: tuple[Stack, ...]
    resources: tuple[Resource, ...]

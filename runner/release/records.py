"""What the ledger remembers of a deployment. Frozen dataclasses, no I/O.

A `Release` is an intent: written before the first change, never changed. Its `Outcome` is written after
the last. A release without an outcome is under way, or was cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NOTHING: Mapping[str, str] = {}


class Kind(StrEnum):
    """Why there is a release."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"


class Ended(StrEnum):
    """How a release ended. FAILED: production is as before if `restored`. ABANDONED: it was cut off, and
    another one took its place."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABANDONED = "ABANDONED"


@dataclass(frozen=True, slots=True)
class Part:
    """A component in a release. `sha256` is the manifest's digest of it; `deployed` that of the bytes that
    are put there (in the sandbox the variant that it can run); `key` its object in the artifact bucket, ''
    where it is none; `image` REPOSITORY@DIGEST, '' where it is none."""

    kind: str
    version: str
    sha256: str
    deployed: str
    key: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What is to run: enough to deploy it again without any checkout.

    `template` is the sha256 of the stack's template as it was built (kept in the bucket); `recipe` its
    parameters with their ${references}, which `parts` give values to."""

    stack_name: str
    template: str
    recipe: Mapping[str, str]
    parts: Mapping[str, Part]
    stack: str = "stack"  # the component that is the template

    def __post_init__(self) -> None:
        if self.stack not in self.parts:
            raise ValueError("its template is none of its parts")


@dataclass(frozen=True, slots=True)
class Release:
    """An intent. `number` is its place in the environment's ledger, from 1; `when` ISO 8601 in UTC.

    `id` is the token of all that is done for it. `name` is the manifest's release (VERSION+COMMIT7),
    `manifest` its sha256, `previous` the number of the good release that ran before, 0 for none. A rollback
    `restores` the whole of an older release; 0 where it takes one component back. `note` is for people.
    """

    number: int
    id: str
    kind: Kind
    solution: str
    environment: str
    content: Content
    name: str
    manifest: str
    run_id: str
    commit: str
    by: str
    when: str
    traffic: str = "all-at-once"
    previous: int = 0
    restores: int = 0
    note: str = ""

    @property
    def identity(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a release ended. `running`: what was read back, resource -> digest or version."""

    number: int
    ended: Ended
    cause: str
    when: str
    by: str
    restored: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    running: Mapping[str, str] = field(default_factory=dict)
    drift: tuple[str, ...] = ()

"""What a history's records say. Fields that a later version adds are ignored when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.model import TableFacts


@dataclass(frozen=True, slots=True)
class Version:
    """A component's content and its version. `number` is its place in the component's log, from 1;
    `when` ISO 8601 in UTC; commit, clean, by, run_id: of the build that first saw this content."""

    number: int
    version: str
    component: str
    kind: str
    sha256: str
    inputs: str
    commit: str
    clean: bool | None
    when: str
    by: str
    run_id: str

    @property
    def identity(self) -> str:
        return self.sha256


@dataclass(frozen=True, slots=True)
class Release:
    """A complete run that passed, and the version of each of its components."""

    number: int
    version: str
    release: str
    run_id: str
    commit: str
    when: str
    by: str
    components: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return self.run_id


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one complete run judged a version. status: 'PASSED' | 'FAILED' | 'ERROR'."""

    component: str
    version: str
    run_id: str
    status: str
    when: str
    by: str
    manifest_sha256: str
    release: str = ""


@dataclass(frozen=True, slots=True)
class JudgedTables:
    """The tables of one data stage, by name, in a run that passed. `number`: its place in their log."""

    number: int
    run_id: str
    commit: str
    when: str
    tables: Mapping[str, TableFacts]

    @property
    def identity(self) -> str:
        return self.run_id

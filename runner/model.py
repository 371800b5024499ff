"""The nouns of Lockgate: frozen dataclasses, no I/O, importable in a millisecond.

A `Plan` is a DAG of `Step`s (prepare, build, stage). Running a build step gives an `Artifact`;
running a stage in a child process gives a `StageReport`, which the parent does not believe but
judges (`runner.verdict`) into a `StageResult`. Results and artifacts become a `Verdict` and a
manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

BEFORE_STAGES = ("environment", "prepare", "build")


class Status(StrEnum):
    """Outcome of a check, a step or a run. ERROR (could not tell) outranks FAILED outranks PASSED."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Check:
    """One executed check. `cause` is one line and present unless PASSED; `details` may be long."""

    id: str
    status: Status
    suite: str = ""
    seconds: float = 0.0
    cause: str = ""
    measured: str = ""
    limit: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, bar or point set of a plot: x and y of the same length, None where undefined."""

    name: str
    x: tuple[float | str, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold drawn across a plot, on the `y` or the `x` axis."""

    value: float
    label: str
    axis: str = "y"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as data; the report draws it. kind: 'line' | 'bar' | 'points' (points have low/high)."""

    title: str
    kind: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    limits: tuple[Limit, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as data; a cell that equals a Status name is shown as a badge."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a stage keeps beside its checks: plots and tables for people, facts for the manifest,
    files (paths relative to the stage's output directory) for whoever digs."""

    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """Something that was judged or judged with: a suite, a criteria file, a table.

    kind: 'suite' | 'criteria' | 'data'; sha256 of its bytes (a folder: of its sorted listing)."""

    kind: str
    name: str
    sha256: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a run knew of a table that it judged. `rows`: of what was read of it; `columns`: name -> type;
    `files`: path -> what identifies its content, of a table that is a set of files; `partitions`: whether
    `all` of them were read or those that had `changed`."""

    source: str
    sha256: str
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    partitions: str = "all"


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run that passed, and the tables of one of its data stages, by name. `when` is ISO 8601 in UTC."""

    run_id: str
    when: str
    tables: Mapping[str, TableFacts]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last runs that passed, newest first; or why they cannot be told: not that there are none."""

    runs: tuple[EarlierRun, ...] = ()
    unknown: str = ""


NOT_HANDED = Earlier(unknown="the earlier runs were not handed to the stage")


@dataclass(frozen=True, slots=True)
class StageReport:
    """What a stage's child process writes to result.json: a claim, to be checked by the parent.

    `collected` are the ids of the checks that were expected before any ran; `whole`, of one shard of
    several, those of the whole stage."""

    run_id: str
    stage: str
    kind: str
    status: Status
    collected: tuple[str, ...]
    checks: tuple[Check, ...]
    seconds: float
    cause: str = ""
    judged: tuple[Judged, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageResult:
    """A step's judged outcome, as it stands in the verdict. `report` is None where none was left.

    kind: the stage's kind, or the step's ('environment' | 'prepare' | 'build') for what comes before."""

    name: str
    kind: str
    status: Status
    cause: str = ""
    seconds: float = 0.0
    report: StageReport | None = None
    peak_bytes: int = 0
    blocked_by: str = ""
    usable: bool = False  # it did not pass, but what it made can still be judged

    @property
    def is_stage(self) -> bool:
        return self.kind not in BEFORE_STAGES

    @property
    def checks(self) -> tuple[Check, ...]:
        return self.report.checks if self.report else ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One build of a component for one place to run, e.g. 'python3.12-x86_64' or the sandbox's."""

    target: str
    path: str
    sha256: str
    size: int
    unzipped: int = 0


@dataclass(frozen=True, slots=True)
class Artifact:
    """A built component, known by the sha256 of its bytes.

    `path`, `sha256`, `size` are what would be deployed. `executed` names the variant that the
    tests run where that differs (DESIGN rule 2), `inputs` the digest of what it was built from,
    `facts` what its kind has to say (lock and source digests, runtime, training record)."""

    name: str
    kind: str
    path: str
    sha256: str
    size: int
    inputs: str
    version: str = ""
    executed: Variant | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the plan. kind: 'stage', or one of BEFORE_STAGES; id is '<kind>:<name>'."""

    kind: str
    name: str
    needs: tuple[str, ...] = ()
    timeout: float = 600.0

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which each stands after what it needs; `complete` if no stage is left out."""

    solution: str
    steps: tuple[Step, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class DataChoices:
    """What the command line chose for data stages: `engine` instead of lockgate.yml's ('': that), `docs`:
    Great Expectations' Data Docs are written too."""

    engine: str = ""
    docs: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one answer. `reason` is one line; `stage` and `check` name the first thing that decided it."""

    status: Status
    reason: str
    stage: str = ""
    check: str = ""

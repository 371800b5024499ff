"""What the report's page shows, as plain data for its template: bounded, in order, nothing escaped yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from runner.model import Check, Judged, StageResult, Status, Table
from runner.report import layout
from runner.report.basis import Basis, basis
from runner.report.numbers import finite, number
from runner.report.record import RunRecord
from runner.report.svg import figure
from runner.report.tally import BAD, SHOWN_FIRST, Counts, Trouble, counts, own_check, troubles
from runner.text import clean, one_line

# People look at the model's plots first, so the stages' evidence stands in this order; kinds that come
# later follow in the plan's.
EVIDENCE = ("model", "data", "unit", "integration")
CHECKS, TROUBLES, PLOTS, TABLES, ROWS, FACTS, FILES = 2000, 100, 40, 40, 200, 60, 200
# Facts for other programs: people read the same in a table.
QUIET = ("metrics", "intervals", "standard_errors", "importance")
STATUSES = frozenset(Status)
Present = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Link:
    """A file of the run's folder: what it is called and its escaped relative address."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with at most 200 rows; `more` were left out."""

    table: Table
    rows: tuple[tuple[str, ...], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Section:
    """Everything about one step."""

    anchor: str
    result: StageResult
    counts: Counts
    log: Link | None
    junit: Link | None
    basis: Basis | None
    plots: tuple[Markup, ...]
    grids: tuple[Grid, ...]
    facts: tuple[tuple[str, str], ...]
    judged: tuple[Judged, ...]
    files: tuple[Link, ...]
    checks: tuple[Check, ...]
    more: Mapping[str, int]

    @property
    def is_stage(self) -> bool:
        return self.result.is_stage

    @property
    def has_evidence(self) -> bool:
        return bool(self.plots or self.grids or self.facts or self.judged)


@dataclass(frozen=True, slots=True)
class Finding:
    """A trouble with the log in which to look."""

    trouble: Trouble
    log: Link | None


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    record: RunRecord
    findings: tuple[Finding, ...]
    more_findings: int
    sections: tuple[Section, ...]
    manifest: Link | None

    @property
    def stages(self) -> list[Section]:
        """The stages in the plan's order."""
        return [section for section in self.sections if section.is_stage]

    @property
    def evidence(self) -> list[Section]:
        """The stages in the order in which people look at what they left."""
        ranks = {kind: rank for rank, kind in enumerate(EVIDENCE)}
        return sorted(self.stages, key=lambda section: ranks.get(section.result.kind, len(ranks)))


def page(record: RunRecord, present: Present) -> Page:
    """The page of a run; `present` says which files of the run's folder can be linked to."""
    found = troubles(record)
    findings = tuple(Finding(trouble, _log(trouble.result, present)) for trouble in found[:TROUBLES])
    shares = _shares(record)
    sections = tuple(
        _section(index, result, shares[index], present) for index, result in enumerate(record.results)
    )
    manifest = _link(layout.MANIFEST, layout.MANIFEST, present)
    return Page(record, findings, max(0, len(found) - TROUBLES), sections, manifest)


def _shares(record: RunRecord) -> list[int]:
    """How many checks of each step are listed: 2,000 in all, shared fairly, so that a huge stage
    does not push out the small ones."""
    sizes = [len(_listed(result)) for result in record.results]
    left, shares = CHECKS, [0] * len(sizes)
    for turn, index in enumerate(sorted(range(len(sizes)), key=lambda i: sizes[i])):
        shares[index] = min(sizes[index], left // (len(sizes) - turn))
        left -= shares[index]
    return shares


def _listed(result: StageResult) -> list[Check]:
    own = own_check(result)
    checks = [*result.checks, *([own] if own and result.is_stage and own.status in BAD else [])]
    return sorted(checks, key=lambda check: SHOWN_FIRST[check.status])


def _section(index: int, result: StageResult, share: int, present: Present) -> Section:
    evidence = result.report.evidence if result.report else None
    plots = evidence.plots if evidence else ()
    tables = evidence.tables if evidence else ()
    files = evidence.files if evidence else ()
    listed = _listed(result)
    folder = layout.stage_folder(result.name)
    links = [_link(name, f"{folder}/{name}", present) for name in files[:FILES]]
    more = {"checks": len(listed) - share, "plots": len(plots) - PLOTS, "tables": len(tables) - TABLES}
    return Section(
        anchor=f"step-{index + 1}",
        result=result,
        counts=counts(result.checks),
        log=_log(result, present),
        junit=_link("JUnit", layout.junit_file(result.name), present) if result.is_stage else None,
        basis=basis(result),
        plots=tuple(figure(plot) for plot in plots[:PLOTS]),
        grids=tuple(_grid(table) for table in tables[:TABLES]),
        facts=facts(evidence.facts) if evidence else (),
        judged=result.report.judged if result.report else (),
        files=tuple(link for link in links if link),
        checks=tuple(listed[:share]),
        more={noun: count for noun, count in more.items() if count > 0},
    )


def _log(result: StageResult, present: Present) -> Link | None:
    return _link("log", layout.log_file(result), present)


def _link(name: str, path: str, present: Present) -> Link | None:
    """A link inside the run's folder; none out of it (`..`, an absolute path), none to what is absent."""
    parts = clean(path).split("/")
    if ".." in parts or "" in parts or not present(path):
        return None
    return Link(name, quote("/".join(parts)))


def _grid(table: Table) -> Grid:
    return Grid(table, table.rows[:ROWS], max(0, len(table.rows) - ROWS))


def facts(mapping: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Facts as pairs of text, one level of nesting joined by a dot; at most sixty."""
    pairs: list[tuple[str, str]] = []
    for key, value in mapping.items():
        if key in QUIET and isinstance(value, Mapping):
            continue
        nested = value.items() if isinstance(value, Mapping) else [("", value)]
        pairs += [(f"{key}.{inner}" if inner else str(key), _fact(item)) for inner, item in nested]
    return tuple(pairs[:FACTS])


def _fact(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, float) and finite(value) is not None:
        return number(value)
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return one_line(text, 500)

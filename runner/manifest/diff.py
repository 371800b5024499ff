"""Two manifests -> what changed between them, in plain words (pure).

What differs between any two runs is left out: ids, times, durations, latencies. Everything else that a
manifest holds is compared, and where a comparison cannot be made that is said too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.manifest.build import canonical
from runner.manifest.schema import Component, Manifest, Stage
from runner.manifest.thresholds import CHANGED, LOOSENED, TIGHTENED, moved, shown
from runner.text import one_line

ADDED, REMOVED, UNKNOWN = "ADDED", "REMOVED", "UNKNOWN"
# Facts of a component that say how this run came by it, not what it is.
OF_THE_RUN = ("trained", "executed_on", "unchanged")
MAX_DETAILS, MAX_DEPTH, SHORT = 20, 6, 12


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. kind: ADDED | REMOVED | CHANGED | LOOSENED | TIGHTENED | UNKNOWN (it cannot be told);
    `details` are further lines."""

    section: str
    name: str
    kind: str
    what: str
    details: tuple[str, ...] = ()


def differences(a: Manifest, b: Manifest) -> tuple[Change, ...]:
    """Every difference, in the order of the sections."""
    return tuple(change for section in SECTIONS for change in section(a, b))


def _verdict(a: Manifest, b: Manifest) -> Iterator[Change]:
    if a.solution != b.solution:
        yield Change("verdict", "solution", CHANGED, f"{a.solution} -> {b.solution}: two solutions")
    if a.verdict.status is not b.verdict.status:
        reason = one_line(b.verdict.reason)
        yield Change("verdict", "status", CHANGED, f"{a.verdict.status} -> {b.verdict.status}", (reason,))
    if a.complete != b.complete:
        words = {True: "all stages", False: "some of the stages"}
        what, way = f"{words[a.complete]} -> {words[b.complete]}", TIGHTENED if b.complete else LOOSENED
        yield Change("verdict", "complete", way, what)
    if canonical({"": a.overrides}) != canonical({"": b.overrides}):
        yield Change("verdict", "overrides", CHANGED, f"{len(a.overrides)} -> {len(b.overrides)}")


def _source(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name in ("commit", "branch", "clean"):
        before, after = getattr(a.source, name), getattr(b.source, name)
        if before != after:
            size = SHORT if name == "commit" else None
            yield Change("source", name, CHANGED, f"{_told(before)[:size]} -> {_told(after)[:size]}")


def _told(value: Any) -> str:
    return "unknown" if value in ("", None) else shown(value)


def _components(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name, old, new in _pairs(a.components, b.components):
        if old is None or new is None:
            yield _appeared("components", name, _identity(old or new), is_new=old is None)
            continue
        details = _facts(old.facts, new.facts)
        before, after = _executed(old), _executed(new)
        if before != after:
            details = (f"executed by the tests: {before} -> {after}", *details)
        if (old.sha256, old.version, old.kind) != (new.sha256, new.version, new.kind):
            yield Change("components", name, CHANGED, f"{_identity(old)} -> {_identity(new)}", details)
        elif details:
            yield Change("components", name, CHANGED, f"{_identity(new)}: the same bytes", details)


def _identity(component: Any) -> str:
    version = one_line(component.version, 80)
    return " ".join([version or "no version", f"({component.kind}, {component.sha256[:SHORT]})"])


def _executed(component: Component) -> str:
    ran = component.executed
    return f"{one_line(ran.target, 60)} {ran.sha256[:SHORT]}" if ran else "what is deployed"


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """The facts that are not the same, such as 'runtime: python3.12 -> python3.13'."""
    before, after = (dict(_flat(side)) for side in (old, new))
    names = [n for n in sorted({*before, *after}) if n.partition(".")[0] not in OF_THE_RUN]
    lines = [
        one_line(f"{name}: {_fact(before, name)} -> {_fact(after, name)}")
        for name in names
        if _fact(before, name) != _fact(after, name)
    ]
    more = len(lines) - MAX_DETAILS
    return (*lines[:MAX_DETAILS], *([f"and {more} more"] if more > 0 else ()))


def _fact(facts: Mapping[str, Any], name: str) -> str:
    return shown(facts[name]) if name in facts else "none"


def _flat(value: Any, name: str = "", depth: int = MAX_DEPTH) -> Iterator[tuple[str, Any]]:
    """Nested mappings as 'record.parameters.max_iter' -> 100."""
    if not isinstance(value, Mapping) or depth == 0:
        yield name, canonical({"": value}).decode() if isinstance(value, list | Mapping) else value
        return
    for key, item in value.items():
        yield from _flat(item, f"{name}.{key}" if name else str(key), depth - 1)


def _stages(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name, old, new in _pairs(a.stages, b.stages):
        if old is None or new is None:
            stage = old or new
            told = f"{stage.kind}, {stage.status}" if stage else ""
            yield _appeared("stages", name, told, is_new=old is None)
            continue
        if (old.kind, old.status) != (new.kind, new.status):
            what = f"{old.kind} {old.status} -> {new.kind} {new.status}"
            yield Change("stages", name, CHANGED, what, (one_line(new.cause),) if new.cause else ())
        yield from _counts(name, old, new)


def _counts(name: str, old: Stage, new: Stage) -> Iterator[Change]:
    for count in ("executed", "failed", "errored", "skipped"):
        before, after = getattr(old.counts, count), getattr(new.counts, count)
        if before != after:
            fewer = "fewer" if after < before else "more"
            yield Change("stages", name, CHANGED, f"{count} checks {before:,} -> {after:,}: {fewer}")


def _rules(a: Manifest, b: Manifest) -> Iterator[Change]:
    """Suites and criteria, by digest."""
    for kind in sorted({*a.judged, *b.judged} - {"data"}):
        for name, old, new in _pairs(a.judged.get(kind, {}), b.judged.get(kind, {})):
            if old is None or new is None:
                yield _appeared("suites", name, one_line(kind), is_new=old is None)
            elif old.get("sha256") != new.get("sha256"):
                yield Change("suites", name, CHANGED, f"{kind} {_digest(old)} -> {_digest(new)}")


def _digest(entry: Mapping[str, Any]) -> str:
    return one_line(entry.get("sha256") or "no digest", 80)[:SHORT]


def _thresholds(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name in sorted({*a.stages} & {*b.stages}):
        before, after = ({name: {"min_checks": side.stages[name].min_checks}} for side in (a, b))
        yield from _limits("", before, after)
        yield from _limits(name, a.stages[name].facts.get("limits"), b.stages[name].facts.get("limits"))
    for kind in sorted({*a.judged} & {*b.judged} - {"data"}):
        old, new = a.judged[kind], b.judged[kind]
        for name in sorted({*old} & {*new}):
            yield from _of_rules(name, old[name], new[name])


def _of_rules(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The limits of a suite or criteria file; where one manifest has none they cannot be compared."""
    before, after = old.get("limits"), new.get("limits")
    if isinstance(before, Mapping) is not isinstance(after, Mapping):
        side = "A" if not isinstance(before, Mapping) else "B"
        yield Change("thresholds", name, UNKNOWN, f"manifest {side} does not say its limits")
    else:
        yield from _limits(name, before, after)


def _limits(where: str, before: Any, after: Any) -> Iterator[Change]:
    old, new = (side if isinstance(side, Mapping) else {} for side in (before, after))
    for check, words, way in moved(old, new):
        name = one_line(": ".join(part for part in (where, check) if part))
        yield Change("thresholds", name, way, words)


def _data(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name, old, new in _pairs(a.judged.get("data", {}), b.judged.get("data", {})):
        if old is None or new is None:
            yield _appeared("data", name, f"{_rows(old or new)} rows", is_new=old is None)
            continue
        facts = [{k: v for k, v in side.items() if k not in ("sha256", "rows")} for side in (old, new)]
        if old != new:
            rows = f"{_rows(old)} -> {_rows(new)} rows" if _rows(old) != _rows(new) else f"{_rows(new)} rows"
            digests = f"{_digest(old)} -> {_digest(new)}" if _digest(old) != _digest(new) else _digest(new)
            yield Change("data", name, CHANGED, f"{digests}, {rows}", _facts(*facts))


def _rows(entry: Mapping[str, Any] | None) -> str:
    rows = (entry or {}).get("rows")
    return f"{rows:,}" if isinstance(rows, int) else "unknown"


def _metrics(a: Manifest, b: Manifest) -> Iterator[Change]:
    for stage, old, new in _pairs(a.stages, b.stages):
        before, after = (_numbers(side.facts.get("metrics")) if side else {} for side in (old, new))
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                yield _moved(f"{stage}: {name}", before.get(name), after.get(name))


def _numbers(metrics: Any) -> dict[str, float]:
    found = metrics.items() if isinstance(metrics, Mapping) else ()
    return {n: v for n, v in found if isinstance(v, int | float) and not isinstance(v, bool)}


def _moved(name: str, before: float | None, after: float | None) -> Change:
    if before is None or after is None:
        value = after if before is None else before
        return _appeared("metrics", name, shown(value), is_new=before is None)
    digits = next((d for d in (4, 6, 9) if f"{before:.{d}g}" != f"{after:.{d}g}"), 17)
    what = f"{before:.{digits}g} -> {after:.{digits}g} ({after - before:+.3g})"
    return Change("metrics", one_line(name), CHANGED, what)


def _files(a: Manifest, b: Manifest) -> Iterator[Change]:
    before, after = a.configuration.sha256, b.configuration.sha256
    if before != after:
        what = f"{before[:SHORT] or 'unknown'} -> {after[:SHORT] or 'unknown'}"
        yield Change("files", "lockgate.yml", CHANGED, what)
    for name, old, new in _pairs(a.locks, b.locks):
        if old is None or new is None:
            yield _appeared("files", name, (old or new or "")[:SHORT], is_new=old is None)
        elif old != new:
            yield Change("files", name, CHANGED, f"{old[:SHORT]} -> {new[:SHORT]}")


def _tools(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name, old, new in _pairs(a.tools, b.tools):
        if old != new:
            yield Change("tools", one_line(name), CHANGED, f"{_told(old)} -> {_told(new)}")


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def _appeared(section: str, name: str, what: str, *, is_new: bool) -> Change:
    return Change(section, one_line(name), ADDED if is_new else REMOVED, what)


SECTIONS: Sequence[Callable[[Manifest, Manifest], Iterator[Change]]] = (
    _verdict, _source, _components, _stages, _rules, _thresholds, _data, _metrics, _files, _tools,
)  # fmt: skip

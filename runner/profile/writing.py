"""Proposals as a suite, asked of the very table first by the data stage's own answering."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.model import Status
from runner.profile.seen import Proposal
from runner.sources.source import Source
from runner.stages.tables.answering import answered, planned
from runner.stages.tables.checks import judge
from runner.stages.tables.engine import validate, version
from runner.stages.tables.suite import Expectation, Suite, check_ids
from runner.stages.tables.vacuous import why_vacuous


@dataclass(frozen=True, slots=True)
class Written:
    """A suite's JSON, and what was proposed but is not in it: (check id, why)."""

    document: Mapping[str, Any]
    dropped: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """As the file holds it: an expectation a line."""
        lines = ",\n    ".join(json.dumps(each, ensure_ascii=False) for each in self.document["expectations"])
        head, meta = (json.dumps(self.document[key], ensure_ascii=False) for key in ("name", "meta"))
        return f'{{\n  "name": {head},\n  "expectations": [\n    {lines}\n  ],\n  "meta": {meta}\n}}\n'


def written(name: str, source: Source, proposed: Iterable[Proposal]) -> Written:
    """What passes on the table. What Great Expectations alone could answer is left out, too: it is slow.

    Raises InfrastructureError where the table cannot be read to its end."""
    configs = [{"type": p.type, "kwargs": dict(p.kwargs), "notes": p.why} for p in proposed]
    suite = suite_of(name, configs)
    why = _cannot(suite, source)
    asked = replace(suite, expectations=tuple(e for e in suite.expectations if e.id not in why))
    told = answered(source, asked, name, validate)
    why |= {
        c.id: c.cause or c.status.value
        for c in judge(asked, told.answers, list(told.columns))
        if not _passed(c.status, c.cause)
    }
    kept = [e.config for e in asked.expectations if e.id not in why]
    return Written(_document(name, kept), tuple((e.id, why[e.id]) for e in suite.expectations if e.id in why))


def suite_of(name: str, configs: Sequence[Mapping[str, Any]]) -> Suite:
    """A suite that stands in no file yet, as the data stage reads one."""
    ids = check_ids(name, configs)
    each = (Expectation(id, c["type"], c["kwargs"], c) for id, c in zip(ids, configs, strict=True))
    digest = hashlib.sha256(json.dumps(configs, default=str).encode()).hexdigest()
    return Suite(name, name, digest, {}, tuple(each))


def _cannot(suite: Suite, source: Source) -> dict[str, str]:
    left = dict(planned(suite, source.columns()).left)
    vacuous = {e.id: told for e in suite.expectations if (told := why_vacuous(e.type, e.kwargs))}
    return {**{id: f"left to Great Expectations: {why}" for id, why in left.items()}, **vacuous}


def _passed(status: Status, cause: str) -> bool:
    return status is Status.PASSED and not cause


def _document(name: str, configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    meta = {"great_expectations_version": version()}
    return {"name": name, "expectations": list(configs), "meta": meta}

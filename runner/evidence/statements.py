"""The statements about a run: test result, provenance, data, and a BOM a component (`runner.evidence.sbom`).

Pure: the same input gives the same bytes, so that a signer rebuilds them and compares. Subjects are the
run's artifacts by digest; of a run without any, the commit that was judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from runner.evidence import NamedStatement, statement, subject, subjects_of
from runner.evidence.left import Left
from runner.evidence.sbom import boms
from runner.manifest.build import counts
from runner.manifest.schema import Manifest
from runner.model import Check, Judged, StageReport, StageResult, Status
from runner.text import unique_line

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PROVENANCE = "https://slsa.dev/provenance/v1"
DATA_VALIDATION = "urn:lockgate:data-validation:1"
BUILD_TYPE, BUILDER = "urn:lockgate:run:1", "urn:lockgate:runner"
NAMES = 500  # of tests that a test result lists, passed and failed each
NAME_LIMIT = 300


def of_the_run(left: Left) -> list[NamedStatement]:
    """Exactly the statements of a run. An ERROR says nothing about what was tested: no test result then."""
    if not subjects(left.manifest):
        return []
    found = [NamedStatement("provenance", provenance(left))]
    if left.manifest.verdict.status in (Status.PASSED, Status.FAILED):
        found.append(NamedStatement("test-result", test_result(left)))
    if _data_reports(left):
        found.append(NamedStatement("data-validation", data_validation(left)))
    return [*found, *boms(left)]


def subjects(manifest: Manifest) -> list[dict[str, Any]]:
    """Every artifact by digest, and what the tests ran in its stead where that differs."""
    found = [each for name, one in sorted(manifest.components.items()) for each in subjects_of(name, one)]
    commit = manifest.source.commit
    return found or ([{"name": "source", "digest": {"gitCommit": commit}}] if commit else [])


def test_result(left: Left) -> dict[str, Any]:
    """https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md, v0.1.

    Its fields are closed: what was executed, skipped and required stands in the annotations of the
    stages' configuration descriptors."""
    manifest = left.manifest
    predicate = {
        "result": manifest.verdict.status.value,
        "configuration": [*_rules(manifest), *_stages(manifest)],
        "passedTests": _names(left, Status.PASSED),
        "failedTests": _names(left, Status.FAILED),
    }
    return statement(subjects(manifest), TEST_RESULT, predicate)


def _rules(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """What was judged and judged with: lockgate.yml, suites, criteria, tables."""
    if manifest.configuration.sha256:
        yield _descriptor("lockgate.yml", manifest.configuration.sha256, kind="configuration")
    for kind, entries in sorted(manifest.judged.items()):
        for name, entry in sorted(entries.items()):
            yield _descriptor(name, str(entry.get("sha256", "")), kind=kind)


def _stages(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for name, stage in sorted(manifest.stages.items()):
        told = {**stage.counts.model_dump(), "min_checks": stage.min_checks, "status": stage.status.value}
        yield _descriptor(name, stage.result_sha256, kind="stage", stage_kind=stage.kind, **told)


def _descriptor(name: str, sha256: str, **annotations: Any) -> dict[str, Any]:
    """A ResourceDescriptor, by digest; by name alone where there are no bytes (a skipped stage)."""
    known = {"digest": {"sha256": sha256}} if sha256 else {"uri": f"urn:lockgate:{annotations['kind']}"}
    return {"name": name, **known, "annotations": annotations}


def _names(left: Left, status: Status) -> list[str]:
    """The first tests that ended so; how many there were stands in the counts."""
    found = [
        f"{stage}: {unique_line(check.id, NAME_LIMIT)}"
        for stage, report in sorted(left.reports.items())
        for check in report.checks
        if check.status is status
    ]
    return found[:NAMES]


def provenance(left: Left) -> dict[str, Any]:
    """https://slsa.dev/spec/v1.0/provenance. It says how the artifacts came to be; the builder is the run
    itself, on whatever machine, so no level above L1 is claimed."""
    manifest = left.manifest
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "solution": manifest.solution,
                "source": {"commit": manifest.source.commit, "branch": manifest.source.branch},
                "stages": sorted(manifest.stages),
            },
            "internalParameters": {"aws": manifest.aws, "clean": manifest.source.clean},
            "resolvedDependencies": list(_dependencies(manifest)),
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": dict(manifest.tools)},
            "metadata": _metadata(manifest),
            "byproducts": list(_byproducts(manifest)),
        },
    }
    return statement(subjects(manifest), PROVENANCE, predicate)


def _dependencies(manifest: Manifest) -> Iterator[dict[str, Any]]:
    if manifest.source.commit:
        yield {"name": "source", "digest": {"gitCommit": manifest.source.commit}}
    if manifest.configuration.sha256:
        yield subject("lockgate.yml", manifest.configuration.sha256)
    for name, sha256 in sorted(manifest.locks.items()):
        yield subject(name, sha256)
    yield from _bases(manifest)


def _bases(manifest: Manifest) -> list[dict[str, Any]]:
    """The images that the run's images are built on, where the build knew their digests."""
    built = (component.facts for component in manifest.components.values() if component.is_built)
    listed = [facts["bases"] for facts in built if isinstance(facts.get("bases"), list)]
    found = {
        (str(base.get("name")), str(base.get("sha256")))
        for bases in listed
        for base in bases
        if isinstance(base, Mapping) and re.fullmatch("[0-9a-f]{64}", str(base.get("sha256")))
    }
    return [subject(name, sha256) for name, sha256 in sorted(found)]


def _byproducts(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for name, stage in sorted(manifest.stages.items()):
        if stage.result_sha256:
            yield subject(f"stages/{name}/result.json", stage.result_sha256)


def _metadata(manifest: Manifest) -> dict[str, str]:
    ended = manifest.started + timedelta(seconds=manifest.seconds)
    return {
        "invocationId": manifest.run_id,
        "startedOn": manifest.started.isoformat(timespec="seconds"),
        "finishedOn": ended.isoformat(timespec="seconds"),
    }


def data_validation(left: Left) -> dict[str, Any]:
    """Predicate `urn:lockgate:data-validation:1` (docs/evidence.md): which tables were judged, by digest,
    by which suites, with what outcome."""
    reports = _data_reports(left)
    tables = [
        _table(left, stage, report, judged)
        for stage, report in reports.items()
        for judged in report.judged
        if judged.kind == "data"
    ]
    failed = any(report.status is Status.FAILED for report in reports.values())
    result = (Status.FAILED if failed else Status.PASSED).value
    predicate = {"result": result, "run_id": left.manifest.run_id, "tables": tables}
    return statement(subjects(left.manifest), DATA_VALIDATION, predicate)


def _data_reports(left: Left) -> dict[str, StageReport]:
    """The data stages that could tell."""
    told = {n for n, s in left.manifest.stages.items() if s.status in (Status.PASSED, Status.FAILED)}
    return {n: r for n, r in sorted(left.reports.items()) if n in told and r.kind == "data"}


def _table(left: Left, stage: str, report: StageReport, judged: Judged) -> dict[str, Any]:
    checks = tuple(c for c in report.checks if c.id.startswith(f"{judged.name}/"))
    part = replace(report, checks=checks, collected=tuple(c.id for c in checks))
    told = StageResult(stage, report.kind, report.status, report=part)
    file = f"{stage}/data/{judged.name}.validation.json"
    result = {"validation": subject(f"stages/{file}", left.files[file])} if file in left.files else {}
    return {
        "stage": stage,
        **subject(judged.name, judged.sha256),
        "rows": judged.facts.get("rows"),
        "suites": _suites(report, checks),
        "counts": counts(told),
        "engine": dict(report.evidence.facts),
        **result,
    }


def _suites(report: StageReport, checks: tuple[Check, ...]) -> list[Mapping[str, Any]]:
    used = {check.suite for check in checks}
    return [subject(j.name, j.sha256) for j in report.judged if j.kind == "suite" and j.name in used]

"""Which verified manifests may be deployed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from helpers.manifests import manifest_data, write_manifest

from runner.errors import InfrastructureError, RefusedError
from runner.evidence.finding import Finding, Outcome
from runner.release.proof import Proven, proven

OK = Finding("signatures", Outcome.OK, "")


def prove(tmp_path: Path, *findings: Finding, solution: str = "flights", **changes: Any) -> Proven:
    config = b"solution: flights\n"
    (tmp_path / "lockgate.yml").write_bytes(config)
    told = {**manifest_data(), "configuration": {"sha256": hashlib.sha256(config).hexdigest()}, **changes}
    path = write_manifest(tmp_path / "run", told)
    return proven(path, list(findings) or [OK], solution, tmp_path, "the run")


def test_one_that_holds(tmp_path: Path) -> None:
    found = prove(tmp_path, OK, Finding("age", Outcome.NOTE, "not asked for"))
    assert found.manifest.fields.solution == "flights"
    (tmp_path / "run/components").mkdir()
    (tmp_path / "run/components" / "ab").write_bytes(b"x")
    assert found.bytes_of("ab") == tmp_path / "run/components/ab"
    assert found.bytes_of("cd") is None and found.bytes_of("") is None


@pytest.mark.parametrize(
    ("outcome", "kind"), [(Outcome.REFUSED, RefusedError), (Outcome.UNKNOWN, InfrastructureError)]
)
def test_what_was_found_wrong_is_told(tmp_path: Path, outcome: Outcome, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="not accepted: age: 9 days") as told:
        prove(tmp_path, OK, Finding("age", outcome, "9 days"))
    assert str(told.value).startswith("the run: ")


def test_where_nothing_was_looked_at_nothing_is_proven(tmp_path: Path) -> None:
    note = Finding("signatures", Outcome.NOTE, "not asked for")
    with pytest.raises(InfrastructureError, match="nothing of it was checked"):
        prove(tmp_path, note)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"solution": "cube"}, "a manifest of 'flights', not of 'cube'"),
        ({"verdict": {"status": "FAILED", "reason": ""}}, "its verdict is FAILED"),
        ({"verdict": {"status": "ERROR", "reason": ""}}, "its verdict is ERROR"),
        ({"complete": False}, "stages were left out"),
        ({"configuration": {"sha256": "0" * 64}}, "made from another lockgate.yml"),
        ({"configuration": {"sha256": ""}}, "made from another lockgate.yml"),
    ],
)
def test_what_is_not_deployed(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        prove(tmp_path, **changes)

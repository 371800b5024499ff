"""The statements about a run: valid by the standards' own libraries, and what they say is what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from helpers.signed_runs import Left, a_run, sha
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from runner.evidence.left import read_left
from runner.evidence.statements import NAMES, of_the_run
from runner.manifest.build import canonical
from runner.model import Status

COMMIT = "c" * 40


def said(left: Left) -> dict[str, dict[str, Any]]:
    """Name -> statement, as the files of the run have them."""
    return {p.stem: json.loads(p.read_bytes()) for p in sorted((left.folder / "statements").glob("*.json"))}


def valid(descriptors: Any) -> None:
    for descriptor in descriptors:
        ResourceDescriptor.copy_from_pb(descriptor).validate()


@pytest.fixture
def passed(tmp_path: Path) -> Left:
    return a_run(tmp_path)


def test_each_is_a_statement_by_intotos_own_library(passed: Left) -> None:
    statements = said(passed)
    assert {"data-validation", "provenance", "test-result", "sbom-predict"} <= set(statements)
    for content in statements.values():
        message = json_format.ParseDict(content, StatementMessage())
        Statement.copy_from_pb(message).validate()
        names = {s["name"]: s["digest"]["sha256"] for s in content["subject"]}
        assert names.get("predict") in (None, sha("a zip")) and "train" not in names


def test_the_subjects_are_what_would_be_deployed_and_what_was_run(passed: Left) -> None:
    about = said(passed)["test-result"]["subject"]
    assert [(s["name"], s["digest"]["sha256"]) for s in about] == [
        ("model", sha("a model")), ("predict", sha("a zip")), ("predict@host", sha("ran")),
    ]  # fmt: skip


def test_the_test_result_has_the_standards_fields_and_no_other(passed: Left) -> None:
    predicate = said(passed)["test-result"]["predicate"]
    message = json_format.ParseDict(predicate, test_result_pb2.TestResult())  # it refuses unknown fields
    valid(message.configuration)
    assert predicate["result"] == "PASSED"
    assert "unit: test_it.py::test_one" in predicate["passedTests"] and predicate["failedTests"] == []
    stages = {d["name"]: d for d in predicate["configuration"] if d["annotations"]["kind"] == "stage"}
    assert stages["unit"]["digest"]["sha256"] == passed.data["stages"]["unit"]["result_sha256"]
    told = stages["unit"]["annotations"]
    assert (told["executed"], told["skipped"], told["min_checks"]) == (2, 1, 2)
    rules = {(d["annotations"]["kind"], d["name"]) for d in predicate["configuration"]} - {("stage", "unit")}
    assert {("suite", "suites/unit"), ("data", "rows"), ("suite", "rows.json")} <= rules


def test_provenance_says_where_from_and_claims_no_level(passed: Left) -> None:
    predicate = said(passed)["provenance"]["predicate"]
    message = json_format.ParseDict(predicate, Provenance())
    valid(message.build_definition.resolved_dependencies)
    valid(message.run_details.byproducts)
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    assert definition["externalParameters"]["source"] == {"commit": COMMIT, "branch": "dev"}
    assert {"name": "source", "digest": {"gitCommit": COMMIT}} in definition["resolvedDependencies"]
    assert details["metadata"] == {
        "invocationId": "r1",
        "startedOn": "2026-11-22T10:00:00+00:00",
        "finishedOn": "2026-11-22T10:00:12+00:00",
    }
    assert "slsa" not in json.dumps(predicate).lower()


def test_provenance_names_what_images_are_built_on_where_it_is_known(passed: Left) -> None:
    bases = [
        {"name": "python:3.12", "sha256": "b" * 64},
        {"name": "lost", "sha256": ""},
        "junk",
        {"sha256": 3},
    ]
    data = passed.data
    data["components"]["model"]["facts"] |= {"bases": bases}
    data["components"]["train"]["facts"] |= {"bases": [{"name": "of none", "sha256": "c" * 64}]}  # not built
    data["components"]["predict"]["facts"] |= {"bases": {"name": "x"}}
    (told,) = (s for s in of_the_run(read_left(passed.folder, data)) if s.name == "provenance")
    depends = told.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    names = {"name": "python:3.12", "digest": {"sha256": "b" * 64}}
    assert depends[-1] == names and not {"lost", "of none"} & {each["name"] for each in depends}


def test_data_validation_names_table_suite_and_result(passed: Left) -> None:
    predicate = said(passed)["data-validation"]["predicate"]
    (table,) = predicate["tables"]
    assert (predicate["result"], table["name"], table["rows"]) == ("PASSED", "rows", 3)
    assert table["digest"]["sha256"] == sha("t")
    assert [s["name"] for s in table["suites"]] == ["rows.json"] and table["counts"]["executed"] == 2
    assert table["validation"] == {
        "name": "stages/data/data/rows.validation.json",
        "digest": {"sha256": sha("{}")},
    }


def test_a_failed_run_says_so(tmp_path: Path) -> None:
    predicate = said(a_run(tmp_path, bad=Status.FAILED))["test-result"]["predicate"]
    assert predicate["result"] == "FAILED" and predicate["failedTests"] == ["unit: test_it.py::test_two"]


def test_an_error_is_no_test_result(tmp_path: Path) -> None:
    left = a_run(tmp_path, bad=Status.ERROR)
    assert left.data["verdict"]["status"] == "ERROR" and "test-result" not in said(left)
    assert all(pin["name"] != "test-result" for pin in left.data["statements"])


def test_a_run_without_artifacts_is_about_its_commit(tmp_path: Path) -> None:
    (about,) = said(a_run(tmp_path, built=False))["test-result"]["subject"]
    assert about == {"name": "source", "digest": {"gitCommit": COMMIT}}


def test_a_run_about_nothing_states_nothing(tmp_path: Path) -> None:
    left = a_run(tmp_path, built=False, commit="")
    assert said(left) == {} and left.data["statements"] == []


def test_names_are_bounded_and_counts_are_not(passed: Left) -> None:
    left = read_left(passed.folder, passed.data)
    report = left.reports["unit"]
    many = replace(
        report, checks=tuple(replace(report.checks[0], id="x" * 5000 + str(n)) for n in range(900))
    )
    (result,) = (s for s in of_the_run(replace(left, reports={"unit": many})) if s.name == "test-result")
    names = result.statement["predicate"]["passedTests"]
    assert len(names) == len(set(names)) == NAMES and max(map(len, names)) < 400


def test_the_manifest_pins_exactly_the_files(passed: Left) -> None:
    files = {p.stem: sha(p.read_text()) for p in (passed.folder / "statements").iterdir()}
    assert {pin["name"]: pin["sha256"] for pin in passed.data["statements"]} == files
    assert all(
        canonical(json.loads(p.read_bytes())) == p.read_bytes() for p in passed.folder.glob("statements/*")
    )

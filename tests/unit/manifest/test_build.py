from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runner.manifest.build import SCHEMA, build_manifest, canonical, counts, digest, suffix_of
from runner.model import Artifact, Check, Evidence, Judged, StageReport, StageResult, Status, Variant, Verdict
from runner.report.record import RunRecord

CHECKS = (
    Check("a", Status.PASSED),
    Check("b", Status.FAILED, cause="1 != 2", measured="1", limit="2"),
    Check("c", Status.SKIPPED, cause="later"),
)
REPORT = StageReport(
    "run", "unit", "unit", Status.FAILED, ("a", "b", "c"), CHECKS, 1.0,
    judged=(Judged("suite", "suites/unit", "s" * 64), Judged("data", "t", "d" * 64, {"rows": 3})),
    evidence=Evidence(facts={"auc": 0.7}),
)  # fmt: skip
RECORD = RunRecord(
    "run", "flights", "c" * 40, True, "dev", "2026-11-22T00:00:00+00:00", 2.0, "AWS: sandbox",
    Verdict(Status.FAILED, "unit: b", "unit", "b"),
    (StageResult("build:fn", "build", Status.PASSED),
     StageResult("unit", "unit", Status.FAILED, report=REPORT)),
    (Artifact("fn", "lambda-zip", "/somewhere/fn.zip", "f" * 64, 9, "k", "1",
              Variant("host", "/elsewhere/fn.zip", "e" * 64, 8)),),
    True, "", {"pytest": "9"},
)  # fmt: skip


def manifest() -> dict[str, object]:
    found: dict[str, object] = json.loads(
        canonical(build_manifest(RECORD, {"unit": "r" * 64}, {"lock": "l"}))
    )
    return found


def test_it_names_all_that_was_judged() -> None:
    found = manifest()
    assert found["schema"] == SCHEMA
    assert found["source"] == {"commit": "c" * 40, "branch": "dev", "clean": True}
    assert found["judged"]["suite"] == {"suites/unit": {"sha256": "s" * 64}}  # type: ignore[index]
    assert found["judged"]["data"] == {"t": {"sha256": "d" * 64, "rows": 3}}  # type: ignore[index]
    stage = found["stages"]["unit"]  # type: ignore[index]
    assert stage["result_sha256"] == "r" * 64 and stage["facts"] == {"auc": 0.7}
    assert [f["id"] for f in stage["failed"]] == ["b"]


def test_counts_say_what_was_really_executed() -> None:
    assert counts(RECORD.results[1]) == {
        "collected": 3, "executed": 2, "passed": 1, "failed": 1, "errored": 0, "skipped": 1,
    }  # fmt: skip


def test_both_packages_of_a_component_and_no_path_of_this_machine() -> None:
    text = json.dumps(manifest())
    assert "f" * 64 in text and "e" * 64 in text
    assert "/somewhere" not in text and "/elsewhere" not in text


def test_the_same_content_has_the_same_digest_and_another_has_not() -> None:
    one, two = (canonical(build_manifest(r, {}, {})) for r in (RECORD, replace(RECORD, solution="other")))
    assert digest(one) == digest(canonical(build_manifest(RECORD, {}, {}))) != digest(two)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_any_facts_have_a_canonical_form_that_parses(facts: dict[str, object]) -> None:
    assert set(json.loads(canonical({"facts": facts}))["facts"]) == set(facts)


def test_a_lone_surrogate_in_a_name_is_no_reason_to_lose_a_run() -> None:
    assert json.loads(canonical({"facts": {"\ud800": "\ud800"}})) == {"facts": {"?": "?"}}


def test_a_component_says_how_its_object_ends_and_no_path() -> None:
    assert manifest()["components"]["fn"]["suffix"] == ".zip"  # type: ignore[index]
    assert [suffix_of(p) for p in ("Dockerfile", "m.onnx", "x.$(id)", "a/.b")] == ["", ".onnx", "", ""]


@given(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.sampled_from([1e16, 2.0**53, 1e21])
)
def test_what_is_read_back_has_the_same_canonical_form(value: float) -> None:
    raw = canonical({"": value})
    assert canonical(json.loads(raw)) == raw

from __future__ import annotations

from xml.etree import ElementTree as ET

from defusedxml.ElementTree import fromstring
from helpers import sample_runs as sample
from hypothesis import given
from hypothesis import strategies as st

from runner.model import Check, StageResult, Status
from runner.report.junit import stage_junit

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


def suite(result: StageResult) -> ET.Element:
    root: ET.Element = fromstring(stage_junit(result, "run-1"))
    found = root.find("testsuite")
    assert found is not None
    return found


def checks(*statuses: Status) -> tuple[Check, ...]:
    return tuple(Check(f"c{i}", status, cause="why", details="how") for i, status in enumerate(statuses))


def test_each_status_has_its_element_and_is_counted() -> None:
    found = suite(sample.stage("unit", checks(*Status), Status.ERROR))
    assert [found.get(n) for n in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    by_name = {c.get("name"): [e.tag for e in c] for c in found.iter("testcase")}
    assert by_name == {"c0": [], "c1": ["failure"], "c2": ["error"], "c3": ["skipped"]}


def test_a_failure_carries_cause_measure_limit_and_details() -> None:
    check = Check(
        "roc_auc", Status.FAILED, "criteria.yml", 0.25, "too low", "0.497", "0.66", "line 1\nline 2"
    )
    case = suite(sample.stage("model", (check,), Status.FAILED)).find("testcase")
    assert case is not None
    failure = case.find("failure")
    assert failure is not None
    assert (case.get("classname"), case.get("time")) == ("model.criteria.yml", "0.250")
    assert failure.get("message") == "too low; measured 0.497; limit 0.66"
    assert failure.text == "line 1\nline 2"


def test_a_stage_in_error_without_checks_has_one_error_with_its_cause() -> None:
    found = suite(StageResult("data", "data", Status.ERROR, "killed by signal 9", 3.0))
    (case,) = found.iter("testcase")
    (error,) = case.iter("error")
    assert found.get("errors") == "1"
    assert error.get("message") == "killed by signal 9"


def test_a_stage_in_error_is_not_green_though_its_checks_passed() -> None:
    found = suite(sample.stage("unit", checks(Status.PASSED), Status.ERROR, cause="no sentinel"))
    assert (found.get("tests"), found.get("errors")) == ("2", "1")


def test_a_skipped_stage_is_shown_as_skipped() -> None:
    found = suite(
        StageResult("i", "integration", Status.SKIPPED, "model did not pass", blocked_by="stage:model")
    )
    assert (found.get("tests"), found.get("skipped")) == ("1", "1")


def test_of_too_many_cases_the_bad_ones_are_kept_and_the_cut_is_said() -> None:
    many = checks(*[Status.PASSED] * 700, Status.FAILED, Status.ERROR)
    found = suite(sample.stage("unit", many, Status.ERROR))
    cases = list(found.iter("testcase"))
    assert len(cases) == 500
    assert [[e.tag for e in case] for case in cases[:3]] == [["error"], ["failure"], []]
    properties = {p.get("name"): p.get("value") for p in found.iter("property")}
    assert properties["lockgate.truncated"] == "500 of 702 checks; the rest stands in result.json"
    assert "700 passed, 1 failed" in (properties["lockgate.counts"] or "")


def test_names_and_messages_stay_within_codebuilds_limits_and_names_apart() -> None:
    long = tuple(
        Check("n" * 3000 + end, Status.FAILED, "s" * 3000, cause="c" * 9000, details="d" * 90_000)
        for end in "ab"
    )
    found = suite(sample.stage("unit", long, Status.FAILED))
    names = [case.get("name", "") for case in found.iter("testcase")]
    assert len(set(names)) == 2
    for case in found.iter("testcase"):
        (failure,) = case
        assert max(len(case.get("name", "")), len(case.get("classname", ""))) <= 1000
        assert len(failure.get("message", "")) + len(failure.text or "") <= 5000


def test_unicode_survives_and_what_xml_forbids_does_not() -> None:
    check = Check("שלום 漢字 🚀 ]]> <b>", Status.FAILED, cause="a\x00b\x1b[31mc\ud800", details="]]>\x0b")
    case = suite(sample.stage("unit", (check,), Status.FAILED)).find("testcase")
    assert case is not None
    assert case.get("name") == "שלום 漢字 🚀 ]]> <b>"
    assert case[0].get("message") == "a�bc�"
    assert case[0].text == "]]>�"


@given(ANYTHING, ANYTHING, st.floats())
def test_any_check_gives_xml_that_parses_and_the_same_bytes_twice(
    name: str, cause: str, seconds: float
) -> None:
    result = sample.stage(
        "unit", (Check(name, Status.FAILED, name, seconds, cause, cause, cause, cause),), Status.FAILED
    )
    assert float(suite(result).find("testcase").get("time")) >= 0  # type: ignore[union-attr, arg-type]
    assert stage_junit(result, name) == stage_junit(result, name)

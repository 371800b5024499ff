"""JUnit XML of one stage, within what CodeBuild's report groups take.

At most 500 cases a report, failures and errors first, the cut said in a property; names of 1,000
and messages of 5,000 characters (AWS CodeBuild User Guide, "Test report size limits").
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from runner.model import Check, StageResult, Status
from runner.report.numbers import finite
from runner.report.tally import SHOWN_FIRST, counts, own_check
from runner.text import block, one_line, unique_line

# A case's message and its text together stay under CodeBuild's 5,000 characters.
CASES, NAME, MESSAGE, TEXT = 500, 1_000, 1_000, 3_900
TAGS = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped"}


def stage_junit(result: StageResult, run_id: str) -> bytes:
    """The report's bytes; the same result gives the same bytes.

    A stage whose checks do not show why it ended as it did has one case more, with its cause."""
    own = own_check(result)
    every = sorted([*([own] if own else []), *result.checks], key=lambda check: SHOWN_FIRST[check.status])
    shown = every[:CASES]
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", _totals(result, shown))
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(result, run_id, len(every), len(shown)).items():
        ET.SubElement(properties, "property", name=name, value=value)
    suite.extend(_case(result, check) for check in shown)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _totals(result: StageResult, shown: list[Check]) -> dict[str, str]:
    tally = counts(shown)
    return {
        "name": one_line(result.name, NAME),
        "tests": str(tally.total),
        "failures": str(tally.failed),
        "errors": str(tally.errors),
        "skipped": str(tally.skipped),
        "time": _time(result.seconds),
    }


def _properties(result: StageResult, run_id: str, total: int, shown: int) -> dict[str, str]:
    found = {"lockgate.run": one_line(run_id, NAME), "lockgate.status": str(result.status)}
    if shown < total:
        found["lockgate.truncated"] = f"{shown} of {total} checks; the rest stands in result.json"
        found["lockgate.counts"] = str(counts(result.checks))
    return found


def _case(result: StageResult, check: Check) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=unique_line(check.id, NAME) or "unnamed",
        classname=one_line(f"{result.name}.{check.suite or result.name}", NAME),
        time=_time(check.seconds),
    )
    if check.status in TAGS:
        outcome = ET.SubElement(case, TAGS[check.status], message=one_line(_message(check), MESSAGE))
        outcome.text = block(check.details, TEXT)
    return case


def _message(check: Check) -> str:
    parts = [
        check.cause,
        check.measured and f"measured {check.measured}",
        check.limit and f"limit {check.limit}",
    ]
    return "; ".join(part for part in parts if part)


def _time(seconds: float) -> str:
    return f"{max(finite(seconds) or 0.0, 0.0):.3f}"

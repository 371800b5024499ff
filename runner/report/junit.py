"""JUnit XML of one stage, within what CodeBuild's report groups take.

At most 500 cases a report (failures and errors first, the cut said in a property), names of 1,000 and
messages of 5,000 characters (AWS CodeBuild User Guide, "Test report size limits").
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from runner.model import Check, StageResult, Status
from runner.report.tally import RANK, own_check
from runner.report.text import block, one_line, unique_line

CASES, NAME, MESSAGE = 500, 1_000, 5_000
TAGS = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped"}


def stage_junit(result: StageResult, run_id: str) -> bytes:
    """The report's bytes; the same result gives the same bytes. A stage that left no check has one
    case of its own that carries the cause."""
    own = own_check(result)
    every = sorted([*([own] if own else []), *result.checks], key=lambda check: RANK[check.status])
    shown = every[:CASES]
    suite = ET.Element("testsuite", _totals(result, shown))
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(run_id, len(every), len(shown)).items():
        ET.SubElement(properties, "property", name=name, value=value)
    suite.extend(_case(result, check) for check in shown)
    root = ET.Element("testsuites")
    root.append(suite)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _totals(result: StageResult, shown: list[Check]) -> dict[str, str]:
    count = {status: sum(check.status is status for check in shown) for status in Status}
    return {
        "name": one_line(result.name, NAME),
        "tests": str(len(shown)),
        "failures": str(count[Status.FAILED]),
        "errors": str(count[Status.ERROR]),
        "skipped": str(count[Status.SKIPPED]),
        "time": f"{result.seconds:.3f}",
    }


def _properties(run_id: str, total: int, shown: int) -> dict[str, str]:
    found = {"lockgate.run": one_line(run_id, NAME)}
    if shown < total:
        found["lockgate.truncated"] = f"{shown} of {total} checks; the rest stands in result.json"
    return found


def _case(result: StageResult, check: Check) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=unique_line(check.id, NAME),
        classname=one_line(f"{result.name}.{check.suite or result.name}", NAME),
        time=f"{max(check.seconds, 0.0):.3f}",
    )
    if check.status in TAGS:
        outcome = ET.SubElement(case, TAGS[check.status], message=one_line(_message(check), MESSAGE))
        outcome.text = block(check.details, MESSAGE)
    return case


def _message(check: Check) -> str:
    parts = [
        check.cause,
        check.measured and f"measured {check.measured}",
        check.limit and f"limit {check.limit}",
    ]
    return "; ".join(part for part in parts if part)

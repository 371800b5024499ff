"""What the verdict rests on: every check that could have stopped it, and nothing that says it twice."""

from __future__ import annotations

from dataclasses import replace

from helpers import sample_runs as sample

from runner.model import Check, Evidence, StageResult, Status
from runner.report.basis import SHOWN, basis
from runner.report.html import render

WORDS = "candidate roc_auc 0.781 against 0.779, difference +0.002 [-0.001, +0.005], margin 0.005: equivalent"
ROWS = "To tell a loss of 0.002 you need about 48,000 rows (power 0.8)."
CHAMPION = Check("champion/roc_auc", Status.PASSED, measured=WORDS, limit="equivalent", details=ROWS)
METRIC = Check("metrics/roc_auc", Status.PASSED, measured="0.781", limit=">= 0.67")
SLICES = (
    Check("slices/origin=JFK/roc_auc", Status.PASSED, measured="0.665", limit=">= 0.63"),
    Check("slices/origin=LGA/roc_auc", Status.FAILED, cause="roc_auc of origin=LGA 0.5 < 0.63 (min)"),
    Check("slices/origin=EWR/roc_auc", Status.SKIPPED, cause="12 rows"),
    Check("slices/origin/roc_auc", Status.PASSED, measured="2 of 3 slices judged", limit="at least 1"),
)


def result(*checks: Check, facts: dict[str, object] | None = None, kind: str = "model") -> StageResult:
    return replace(sample.stage("model", checks, evidence=Evidence(facts=facts or {})), kind=kind)


def test_a_comparison_stands_first_and_says_how_many_rows_would_tell_more() -> None:
    found = basis(result(METRIC, CHAMPION))
    assert found is not None
    assert [(s.check.id, s.text, s.note) for s in found.statements] == [
        ("champion/roc_auc", WORDS, ROWS),
        ("metrics/roc_auc", "0.781", "required: >= 0.67"),
    ]


def test_of_slices_the_rule_speaks_and_those_that_did_not_pass() -> None:
    found = basis(result(*SLICES))
    assert found is not None
    assert [s.check.id for s in found.statements] == ["slices/origin=LGA/roc_auc", "slices/origin/roc_auc"]
    assert found.statements[0].text == SLICES[1].cause


def test_of_expressions_the_rule_speaks_too() -> None:
    of = {
        "slices/big/log_loss": ("0.39 [0.35, 0.44] on 807 rows", "<= 0.9"),
        "slices/origin == 'JFK'/log_loss": ("0.41 [0.35, 0.46] on 90 rows", "<= 0.9"),
        "slices/where origin == 'JFK'/log_loss": ("1 of 1 slices judged", "at least 1 slice judged"),
    }
    checks = [Check(id, Status.PASSED, measured=said, limit=limit) for id, (said, limit) in of.items()]
    found = basis(result(*checks))
    assert found is not None
    assert [s.check.id for s in found.statements] == ["slices/where origin == 'JFK'/log_loss"]


def test_the_champion_is_named_with_short_digests() -> None:
    told = {"environment": "prod", "release": 12, "sha256": "ab" * 32}
    found = basis(result(METRIC, facts={"champion": told}))
    assert found is not None and found.champion == "environment prod, release 12, sha256 abababababab"
    none = basis(result(METRIC, facts={"champion": ["odd"]}))
    assert none is not None and none.champion == ""


def test_only_a_model_stage_has_one_and_a_long_one_is_counted() -> None:
    assert basis(result(METRIC, kind="data")) is None
    assert basis(result()) is None
    many = basis(result(*(replace(METRIC, id=f"metrics/{n}") for n in range(SHOWN + 3))))
    assert many is not None and (len(many.statements), many.more) == (SHOWN, 3)


def test_the_page_has_it_before_the_plots() -> None:
    record = sample.passing()
    stages = [result(CHAMPION, facts={"champion": {"path": "<b>old</b>.onnx"}})]
    page = render(replace(record, results=tuple(stages)))
    assert page.index("What the verdict rests on") < page.index(WORDS.split(",")[0])
    assert ROWS in page and "&lt;b&gt;old" in page and "<b>old" not in page


def test_a_finding_does_not_say_a_sentence_twice() -> None:
    worse = replace(CHAMPION, status=Status.FAILED, cause=f"{WORDS}. {ROWS}")
    page = render(replace(sample.passing(), results=(result(worse),)))
    told = page[page.index("What went wrong") : page.index("What the verdict rests on")]
    assert told.count("difference +0.002") == 1

"""Training/serving skew: raw rows through the features function, against the training table."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers.between import job, source, table

from runner.adapters import shell
from runner.config.components import LambdaZip
from runner.errors import InfrastructureError
from runner.model import Artifact, Check, Status
from runner.stages import StageJob
from runner.stages.tables import skew
from runner.stages.tables.answering import Answered
from runner.stages.tables.engine import Answers
from runner.stages.tables.further import Seen
from runner.stages.tables.serving import WITHOUT, answers

PASSED, FAILED, ERROR = Status.PASSED, Status.FAILED, Status.ERROR
TRAINED = {
    "id": [1, 2, 3, 4],
    "double": [2.0, 4.0, None, 8.0],
    "kind": ["a", "b", "c", "d"],
    "late": [0, 1, 0, 1],
}
RULE = {"component": "features", "raw": "raw.jsonl", "key": "id"}


def right(events: Sequence[Any]) -> list[dict[str, Any]]:
    made = {1: (2.0, "a"), 2: (4, "b"), 3: (None, "c"), 4: (8.0 + 1e-12, "d")}
    return [{"answer": dict(zip(("double", "kind"), made[e["n"]], strict=True))} for e in events]


def seen(
    root: Path, raw: str | None = None, trained: Any = TRAINED, sensitive: Any = (), **rule: Any
) -> Seen:
    """A table that was read, its raw rows written beside it."""
    lines = (f"{json.dumps({'id': i, 'event': {'n': i}})}\n" for i in (3, 1, 4, 2))
    (root / "raw.jsonl").write_text("".join(lines) if raw is None else raw)
    place = table(root, "t", trained)
    fields = {"source": place, "skew": {**RULE, **rule}, "sensitive": list(sensitive)}
    made = job(root, {"t": fields})
    config = made.stage.tables["t"]  # type: ignore[union-attr]
    answered = Answered(Answers({}, {}, {}, {}), 4, dict.fromkeys(trained, "?"), {})
    return Seen(made, "t", config, source(root, place), answered, root)


def told(at: Seen, change: Any = lambda answers: None) -> dict[str, Check]:
    def ask(_job: StageJob, _component: str, events: Sequence[Any]) -> list[dict[str, Any]]:
        given = right(events)
        change(given)
        return given

    found = {c.id.removeprefix("t/skew/"): c for c in skew.judge(at, ask).checks}
    assert tuple(f"t/skew/{id}" for id in found) == skew.ids(at.job.root, "t", at.config)
    return found


def test_what_is_served_is_what_was_trained_on(tmp_path: Path) -> None:
    found = told(seen(tmp_path))
    assert {id: c.status for id, c in found.items()} == {"rows": PASSED, "features": PASSED}
    assert found["features"].measured == "0 of 4 rows differ"
    named = told(seen(tmp_path, features=["kind", "double"]))
    assert {id: c.status for id, c in named.items()} == {"rows": PASSED, "kind": PASSED, "double": PASSED}


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (4.1, "1 of 4 rows differ: double at id 3: served 4.1, training has None"),
        ("", "1 of 4 rows differ: double at id 3: served '', training has None"),
        (False, "1 of 4 rows differ: double at id 3: served False, training has None"),
    ],
)
def test_a_feature_that_differs_is_named_with_its_row(value: Any, cause: str, tmp_path: Path) -> None:
    found = told(seen(tmp_path, features=["kind", "double"]), lambda a: a[0]["answer"].update(double=value))
    assert (found["double"].status, found["double"].cause) == (FAILED, cause)
    assert found["kind"].status is PASSED


def test_a_number_beyond_the_tolerance_and_a_feature_that_is_not_served(tmp_path: Path) -> None:
    at = seen(tmp_path, tolerance=1e-6)
    assert told(at, lambda a: a[2]["answer"].update(double=8.00001))["features"].status is FAILED
    assert told(at, lambda a: a[2]["answer"].update(double=8.000001))["features"].status is PASSED
    missing = told(at, lambda a: a[2]["answer"].pop("kind"))["features"]
    assert missing.cause == "1 of 4 rows differ: kind at id 4: not served, training has 'd'"


def test_lists_with_names_are_read_too(tmp_path: Path) -> None:
    def listed(given: list[dict[str, Any]]) -> None:
        for each in given:
            each["answer"] = {"features": list(each["answer"].values()), "names": list(each["answer"])}

    assert told(seen(tmp_path), listed)["features"].status is PASSED

    def short(given: list[dict[str, Any]]) -> None:
        listed(given)
        given[0]["answer"]["names"].pop()

    assert told(seen(tmp_path), short)["rows"].status is FAILED


def test_an_event_that_raises_is_evidence_and_the_others_are_compared(tmp_path: Path) -> None:
    def broken(given: list[dict[str, Any]]) -> None:
        given[1] = {"error": "ValueError: no airport"}

    found = told(seen(tmp_path), broken)
    assert found["rows"].status is FAILED
    assert found["rows"].cause == "1 of 4 raw rows have no features, e.g. id 1: ValueError: no airport"
    assert (found["features"].status, found["features"].measured) == (PASSED, "0 of 3 rows differ")


def test_no_answer_at_all_and_nothing_in_common_is_no_evidence(tmp_path: Path) -> None:
    def all_broken(given: list[dict[str, Any]]) -> None:
        given[:] = [{"error": "x"}] * len(given)

    assert told(seen(tmp_path, features=["kind"]), all_broken)["kind"].status is ERROR
    assert told(seen(tmp_path, trained={"id": [1, 2, 3, 4], "x": [1] * 4}))["features"].status is ERROR
    assert told(seen(tmp_path, features=["nowhere"]))["nowhere"].status is ERROR


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ("", "0 rows"),
        ("{}\n", "not {id, event}"),
        ('{"id": 1, "event": NaN}\n', "not {id, event}"),
        ('{"id": 1, "event": 1}\n' * 2, "two rows have the key 1"),
        ('{"id": 9, "event": 1}\n', "the table has not 1 of 1 raw rows, e.g. id 9"),
        ('{"id": [1], "event": 1}\n', "e.g. id '[1]'"),
    ],
)
def test_raw_rows_that_cannot_be_compared(raw: str, cause: str, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=cause.replace("[", r"\[").replace("{", r"\{")):
        told(seen(tmp_path, raw))


def test_a_key_that_two_rows_of_the_table_have(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="two rows with the id 2"):
        told(seen(tmp_path, trained={**TRAINED, "id": [1, 2, 2, 4]}))
    with pytest.raises(InfrastructureError, match="no column 'id'"):
        told(seen(tmp_path, trained={"x": [1]}))


def test_no_value_of_a_sensitive_column_is_shown(tmp_path: Path) -> None:
    at = seen(tmp_path, sensitive=["kind", "id"])
    found = told(at, lambda a: a[0]["answer"].update(kind="secret"))["features"]
    assert found.cause == "1 of 4 rows differ: kind at id (not shown) (its values are not shown)"


def test_no_error_shows_a_value_of_a_sensitive_column(tmp_path: Path) -> None:
    twice = '{"id": "secret", "event": 1}\n' * 2
    alone, hidden = '{"id": "secret", "event": 1}\n', ["id", "kind"]
    double = {**TRAINED, "id": ["secret", "secret", "b", "c"]}
    for raw, trained in ((twice, TRAINED), (alone, TRAINED), (alone, double)):
        with pytest.raises(InfrastructureError, match=r"\(not shown\)") as caught:
            told(seen(tmp_path, raw, trained, hidden))
        assert "secret" not in str(caught.value)
    for answer in ({"error": "ValueError: no 'secret'"}, {"answer": ["secret"]}):
        found = told(seen(tmp_path, sensitive=hidden), lambda a, answer=answer: a.__setitem__(1, answer))
        assert "secret" not in found["rows"].cause and found["rows"].status is FAILED


def test_a_raw_text_may_hold_other_ends_of_lines(tmp_path: Path) -> None:
    lines = (f'{{"id": {i}, "event": {{"n": {i}, "t": "\u2028\x85"}}}}\n' for i in (3, 1, 4, 2))
    assert told(seen(tmp_path, "".join(lines)))["features"].status is PASSED


def test_values_of_any_type_are_compared(tmp_path: Path) -> None:
    nullable = pd.array([1, None], dtype="Int64")
    trained = {
        "id": ["p", "q"],
        "n": nullable,
        "at": pd.to_datetime(["2026-01-02", None]),
        "ok": [True, False],
    }
    raw = '{"id": "p", "event": 0}\n{"id": "q", "event": 1}\n'
    served = [{"n": 1, "at": "2026-01-02T00:00:00", "ok": True}, {"n": None, "at": None, "ok": False}]
    at = seen(tmp_path, raw, trained)
    checks = skew.judge(at, lambda j, c, events: [{"answer": served[e]} for e in events]).checks
    assert [c.status for c in checks] == [PASSED, PASSED]


def with_package(root: Path, code: str, **changed: Any) -> StageJob:
    """A job whose component `features` is a package of this code."""
    with zipfile.ZipFile(root / "features.zip", "w") as archive:
        archive.writestr("app.py", code)
    data = (root / "features.zip").read_bytes()
    artifact = Artifact(
        "features", "lambda-zip", "features.zip", hashlib.sha256(data).hexdigest(), len(data), "i"
    )
    made = seen(root).job
    component = LambdaZip(kind="lambda-zip", source="src", handler="app.handler", runtime="python3.12")
    solution = made.solution.model_copy(update={"components": {"features": component}})
    return replace(made, solution=solution, artifacts={"features": artifact}, **changed)


HANDLER = """
import os
def handler(event, context):
    if event == "raise":
        raise ValueError("no airport")
    return {"n": event, "secrets": [k for k in os.environ if "SECRET" in k or k == "HELD"]}
"""


def test_a_package_is_asked_in_a_process_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "held")
    monkeypatch.setenv("HELD", "held")
    found = answers(with_package(tmp_path, HANDLER), "features", [1, "raise", {"a": [2]}])
    assert found == [
        {"answer": {"n": 1, "secrets": []}},
        {"error": "ValueError: no airport"},
        {"answer": {"n": {"a": [2]}, "secrets": []}},
    ]


def test_a_stage_that_holds_credentials_runs_none_of_the_solutions_code(tmp_path: Path) -> None:
    made = with_package(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert not {k for k in shell.clean_env() if k.startswith("AWS_")} - WITHOUT
    for holding in ({"aws": {"AWS_ACCESS_KEY_ID": "x"}}, {"variables": {"URL": "x"}}):
        with pytest.raises(InfrastructureError, match="holds credentials"):
            answers(replace(made, **holding), "features", [1])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import nowhere", "cannot be imported: ModuleNotFoundError"),
        ("handler = None\nimport os\nos._exit(3)", "ended with status 3"),
        (
            "import sys\nhandler = lambda e, c: sys.stdin.close() or __import__('os')._exit(0)",
            "0 of 2 events",
        ),
        ("handler = lambda e, c: float('nan')", ""),
    ],
)
def test_a_package_that_breaks(code: str, cause: str, tmp_path: Path) -> None:
    made = with_package(tmp_path, code)
    if not cause:
        assert all("error" in each for each in answers(made, "features", [1, 2]))
        return
    with pytest.raises(Exception, match=cause):
        answers(made, "features", [1, 2])


def test_a_package_that_is_another_is_not_asked(tmp_path: Path) -> None:
    made = with_package(tmp_path, HANDLER)
    (tmp_path / "features.zip").write_bytes(b"PK another")
    with pytest.raises(InfrastructureError, match="not the one that was built"):
        answers(made, "features", [1])
    with pytest.raises(InfrastructureError, match="no package"):
        answers(replace(made, artifacts={}), "features", [1])

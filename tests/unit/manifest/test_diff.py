from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from helpers.boms import run
from helpers.manifests import as_manifest, manifest_data
from helpers.sample_runs import HOSTILE, failing, sha

from runner.manifest.diff import differences
from runner.manifest.words import data, lines

Edit = Callable[[dict[str, Any]], object]


def changed(edit: Edit, base: dict[str, Any] | None = None) -> list[tuple[str, str, str, str]]:
    before = base or manifest_data()
    after = copy.deepcopy(before)
    edit(after)
    found = differences(as_manifest(before).fields, as_manifest(after).fields)
    return [(c.section, c.name, c.kind, c.what) for c in found]


def at(*path: str, value: Any) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return edit


def without(*path: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return edit


CRITERIA = ("judged", "criteria", "criteria.yml")


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (at("verdict", "status", value="FAILED"), ("verdict", "status", "CHANGED", "PASSED -> FAILED")),
        (at("complete", value=False),
         ("verdict", "complete", "LOOSENED", "all stages -> some of the stages")),
        (at("overrides", value=[{"actor": "x"}]), ("verdict", "overrides", "CHANGED", "0 -> 1")),
        (at("solution", value="other"),
         ("verdict", "solution", "CHANGED", "flights -> other: two solutions")),
        (at("source", "clean", value=None), ("source", "clean", "CHANGED", "true -> unknown")),
        (
            at("source", "commit", value="d" * 40),
            ("source", "commit", "CHANGED", f"9be1f0c4d2a3 -> {'d' * 12}"),
        ),
        (
            without("components", "train"),
            ("components", "train", "REMOVED", f"no version (image, {sha('t')[:12]})"),
        ),
        (
            at("components", "predict", "sha256", value="1" * 64),
            ("components", "predict", "CHANGED",
             f"2026.11.2 (lambda-zip, {sha('p')[:12]}) -> 2026.11.2 (lambda-zip, {'1' * 12})"),
        ),
        (
            at("components", "predict", "facts", "runtime", value="python3.13"),
            ("components", "predict", "CHANGED", f"2026.11.2 (lambda-zip, {sha('p')[:12]}): the same bytes"),
        ),
        (at("stages", "model", "status", value="ERROR"),
         ("stages", "model", "CHANGED", "model PASSED -> model ERROR")),
        (at("stages", "model", "counts", "executed", value=1),
         ("stages", "model", "CHANGED", "executed checks 5 -> 1: fewer")),
        (at("stages", "model", "min_checks", value=0),
         ("thresholds", "model", "LOOSENED", "min_checks 1 -> 0")),
        (at("stages", "model", "facts", "limits", value={"stock:golden": {"max": 1e-6}}),
         ("thresholds", "model: stock:golden", "TIGHTENED", "max 1e-06: added")),
        (at(*CRITERIA, "sha256", value="0" * 64),
         ("suites", "criteria.yml", "CHANGED", f"criteria {sha('criteria')[:12]} -> {'0' * 12}")),
        (at(*CRITERIA, "limits", "metrics/roc_auc", "min", value=0.6),
         ("thresholds", "criteria.yml: metrics/roc_auc", "LOOSENED", "min 0.66 -> 0.6")),
        (without(*CRITERIA, "limits"),
         ("thresholds", "criteria.yml", "UNKNOWN", "manifest B does not say its limits")),
        (at("judged", "suite", "suites/unit", value={"sha256": "0" * 64}),
         ("suites", "suites/unit", "ADDED", "suite")),
        (at("judged", "data", "evaluation.parquet", "rows", value=7),
         ("data", "evaluation.parquet", "CHANGED", f"{sha('evaluation')[:12]}, 82,609 -> 7 rows")),
        (at("stages", "model", "facts", "metrics", "roc_auc", value=0.68),
         ("metrics", "model: roc_auc", "CHANGED", "0.6917 -> 0.68 (-0.0117)")),
        (at("stages", "model", "facts", "metrics", "roc_auc", value=0.6917431069),
         ("metrics", "model: roc_auc", "CHANGED", "0.69174310689048768 -> 0.69174310689999996 (+9.51e-12)")),
        (without("stages", "model", "facts", "metrics", "accuracy"),
         ("metrics", "model: accuracy", "REMOVED", "1")),
        (at("configuration", "sha256", value="0" * 64),
         ("files", "lockgate.yml", "CHANGED", f"unknown -> {'0' * 12}")),
        (at("locks", "requirements.lock", value="0" * 64),
         ("files", "requirements.lock", "CHANGED", f"{sha('lock')[:12]} -> {'0' * 12}")),
        (at("tools", "pytest", value="10"), ("tools", "pytest", "CHANGED", "9.2.0 -> 10")),
    ],
)  # fmt: skip
def test_one_change_is_one_line(edit: Edit, expected: tuple[str, str, str, str]) -> None:
    assert changed(edit) == [expected]


@pytest.mark.parametrize(
    "edit",
    [
        at("run_id", value="another"),
        at("started", value="2027-01-01T00:00:00Z"),
        at("seconds", value=1),
        at("aws", value="AWS: sandbox at another port"),
        at("stages", "model", "seconds", value=9),
        at("stages", "model", "result_sha256", value="0" * 64),
        at("stages", "model", "facts", "latency_ms", value={"p95": 9}),
        at("components", "model", "facts", "trained", value=False),
    ],
)
def test_what_differs_between_any_two_runs_is_no_difference(edit: Edit) -> None:
    assert changed(edit) == []


def test_details_say_why_a_component_is_another() -> None:
    before, after = manifest_data(), manifest_data()
    after["components"]["model"]["sha256"] = "1" * 64
    after["components"]["model"]["facts"]["record"]["parameters"]["max_iter"] = 200
    after["components"]["model"]["executed"] = {"target": "here", "sha256": "2" * 64, "size": 1}
    (change,) = differences(as_manifest(before).fields, as_manifest(after).fields)
    assert change.details == (
        f"executed by the tests: what is deployed -> here {'2' * 12}",
        "record.parameters.max_iter: 100 -> 200",
    )


def test_lines_name_both_runs_mark_what_was_loosened_and_count() -> None:
    a, b = manifest_data(), manifest_data()
    b["judged"]["criteria"]["criteria.yml"]["limits"]["metrics/roc_auc"]["min"] = 0.6
    found = as_manifest(a), as_manifest(b)
    told = list(lines(*found, differences(*(side.fields for side in found))))
    assert told[0].startswith("A  flights, run 20261101-102205-4f1c9a, PASSED, commit 9be1f0c4d2a3")
    assert told[2:] == [
        "thresholds",
        "  ! criteria.yml: metrics/roc_auc: min 0.66 -> 0.6: LOOSENED",
        "1 differences, 1 LOOSENED",
    ]
    assert list(lines(found[0], found[0], ()))[-1] == "nothing changed"


def test_the_machine_form() -> None:
    a, b = as_manifest(manifest_data()), as_manifest(manifest_data(replace(run(), results=())))
    told = json.loads(json.dumps(data(a, b, differences(a.fields, b.fields))))
    assert told["differs"] and told["a"]["manifest_sha256"] == a.sha256
    assert {
        "section": "stages",
        "name": "model",
        "kind": "REMOVED",
        "what": "model, PASSED",
        "details": [],
    } in told["changes"]


def test_two_whole_runs_and_hostile_words() -> None:
    a, b = manifest_data(), manifest_data(replace(failing(), tools={"\x1b[0m": HOSTILE}))
    b["verdict"]["reason"] = b["aws"] = b["source"]["branch"] = "\x1b[31m\u202eevil\n" * 50
    b["judged"]["criteria"]["\x1b]0;x\x07"] = {"sha256": ["\x1b"], "limits": {"\x1b[1m": {"\x1b": "\x1b"}}}
    b["judged"]["\x1b[2J"] = {"x": {"sha256": None}}
    found = as_manifest(a), as_manifest(b)
    for line in lines(*found, differences(found[0].fields, found[1].fields)):
        assert line.isprintable() and "\x1b" not in line

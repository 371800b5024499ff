from __future__ import annotations

import copy
import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.boms import LOCK, MARKED, TRAINING, left_of, run, schema_problem, solution
from helpers.sample_runs import HOSTILE, sha
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import LockgateError
from runner.evidence.collect import keep_locks
from runner.evidence.left import read_left
from runner.evidence.sbom import boms
from runner.manifest.build import build_manifest, canonical
from runner.report.record import RunRecord

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def bom_of(record: RunRecord, *locks: bytes) -> dict[str, Any]:
    """Component -> its BOM."""
    found = {s.name: s.statement["predicate"] for s in boms(left_of(record, *locks))}
    return {name.partition("-")[2]: bom for name, bom in found.items()}


def made(lock: bytes = LOCK, **facts: Any) -> dict[str, Any]:
    return bom_of(run(lock, **facts), lock)


def props(component: dict[str, Any]) -> dict[str, str]:
    return {p["name"]: p["value"] for p in component.get("properties", ())}


@pytest.mark.parametrize("name", ["features", "predict", "model", "stack"])
def test_every_kind_is_valid_by_the_published_schema(name: str) -> None:
    assert schema_problem(made()[name]) == ""


def test_the_schema_is_really_asked() -> None:
    assert "nonsense" in schema_problem(
        {**made()["stack"], "components": [{"type": "nonsense", "name": "x"}]}
    )
    assert "surprise" in schema_problem({**made()["stack"], "surprise": 1})


def test_a_function_is_its_digest_and_the_packages_of_its_lock() -> None:
    bom = made()["predict"]
    main = bom["metadata"]["component"]
    assert main["type"] == "application" and main["version"] == "2026.11.2"
    assert main["hashes"] == [{"alg": "SHA-256", "content": sha("p")}]
    numpy, zope = bom["components"]
    assert numpy["purl"] == "pkg:pypi/numpy@2.4.6%2Blocal.1" and numpy["version"] == "2.4.6+local.1"
    assert zope["name"] == "zope-interface"
    assert [h["content"][0] for h in zope["hashes"]] == ["a", "b"]
    assert bom["dependencies"][0]["dependsOn"] == [numpy["purl"], zope["purl"]]
    assert bom["compositions"][0]["aggregate"] == "complete"
    assert made()["features"]["compositions"][0]["aggregate"] == "complete"


def test_what_a_marker_leaves_open_is_said() -> None:
    bom = made(MARKED)["predict"]
    tomli = next(c for c in bom["components"] if c["name"] == "tomli")
    assert tomli["scope"] == "optional" and "python_version" in props(tomli)["lockgate:marker"]
    assert bom["compositions"][0]["aggregate"] == "incomplete"


def test_a_lock_that_is_not_understood_is_no_empty_list() -> None:
    bom = made(b"numpy>=2\n")["predict"]
    assert bom["compositions"][0]["aggregate"] == "unknown"
    assert "requirements.lock:1" in props(bom["metadata"]["component"])["lockgate:problem"]


def test_a_lock_that_changed_or_is_gone_is_missing_evidence(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    with pytest.raises(LockgateError, match="no such file"):
        keep_locks(run().artifacts, solution(), tmp_path, tmp_path / "run")
    lock.write_bytes(LOCK + b"\n")
    with pytest.raises(LockgateError, match="not the lock"):
        keep_locks(run().artifacts, solution(), tmp_path, tmp_path / "run")
    lock.write_bytes(LOCK)
    keep_locks(run().artifacts, solution(), tmp_path, tmp_path / "run")
    (kept,) = (tmp_path / "run" / "locks").iterdir()
    assert kept.read_bytes() == LOCK and kept.name == hashlib.sha256(LOCK).hexdigest()


def test_a_lock_with_a_secret_is_not_kept_and_its_packages_are_unknown(tmp_path: Path) -> None:
    lock = b"--index-url https://me:hunter2hunter2@packages.example/simple\n" + LOCK
    (tmp_path / "requirements.lock").write_bytes(lock)
    keep_locks(run(lock).artifacts, solution(), tmp_path, tmp_path)
    assert not (tmp_path / "locks").exists()
    bom = bom_of(run(lock))["predict"]
    assert bom["compositions"][0]["aggregate"] == "unknown" and bom["components"] == []
    assert "secret" in props(bom["metadata"]["component"])["lockgate:problem"]


def test_a_kept_lock_is_believed_for_its_digest_alone(tmp_path: Path) -> None:
    manifest = json.loads(canonical(build_manifest(run(), {}, {})))
    name = tmp_path / "locks" / hashlib.sha256(LOCK).hexdigest()
    name.parent.mkdir()
    name.write_bytes(LOCK)
    assert read_left(tmp_path, manifest).locks == {name.name: LOCK}
    name.write_bytes(LOCK + b"\n")
    with pytest.raises(LockgateError, match="not the one of its name"):
        read_left(tmp_path, manifest)
    manifest["components"]["predict"]["facts"]["lock_sha256"] = f"../locks/{name.name}"
    assert read_left(tmp_path, manifest).locks == {}


def test_the_statements_have_the_artifacts_as_subjects() -> None:
    found = {named.name: named.statement for named in boms(left_of(run(), LOCK))}
    # An image of which there is the definition alone has no bytes to be the subject.
    assert list(found) == ["sbom-features", "mlbom-model", "sbom-predict", "sbom-stack"]
    assert found["sbom-predict"]["subject"] == [{"name": "predict", "digest": {"sha256": sha("p")}}]
    assert found["sbom-predict"]["predicateType"] == "https://cyclonedx.org/bom"


def test_the_same_component_is_the_same_bytes_whenever_and_wherever() -> None:
    again = replace(run(), run_id="other", started="2027-01-01T00:00:00Z", seconds=1.0, commit="d" * 40)
    again = replace(
        again,
        artifacts=tuple(
            replace(a, path=f"/elsewhere/{a.path}", facts={**a.facts, "trained": False, "executed_on": "x"})
            for a in reversed(again.artifacts)
        ),
    )
    one, two = made(), bom_of(again, LOCK)
    assert {n: canonical(b) for n, b in one.items()} == {n: canonical(b) for n, b in two.items()}


def test_the_serial_number_is_of_the_content() -> None:
    serials = [b["serialNumber"] for b in (*made().values(), made(MARKED)["predict"])]
    assert len(set(serials)) == len(serials)
    assert made(accuracy=1)["predict"]["serialNumber"] == made()["predict"]["serialNumber"]


def test_a_model_is_its_card_and_its_training_record() -> None:
    main = made()["model"]["metadata"]["component"]
    card = main["modelCard"]
    assert main["type"] == "machine-learning-model"
    assert card["modelParameters"]["task"] == "binary-classification"
    assert card["modelParameters"]["inputs"] == [{"format": "2 numbers: hour, carrier"}]
    assert card["modelParameters"]["outputs"] == [{"format": "probability of late"}]
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "accuracy", "value": "1"},
        {"type": "roc_auc", "value": "0.6917431068904877"},
        {"type": "roc_auc", "value": "0.7", "slice": "at night"},
        {"type": "roc_auc", "value": "0.6646", "slice": "origin=JFK"},
    ]
    assert card["considerations"] == {
        "useCases": ["warn of late flights"],
        "technicalLimitations": ["roc_auc of origin=LGA was not judged: 5 rows, fewer than min_rows 100"],
    }
    told = props(main)
    assert told["lockgate:training:parameters.max_iter"] == "100"
    assert told["lockgate:training:parameters.early_stopping"] == "false"
    assert told["lockgate:training:code_sha256"] == sha("code")


def test_data_is_named_by_digest_and_referred_to() -> None:
    bom = made()["model"]
    digests = {c["bom-ref"]: c["hashes"][0]["content"] for c in bom["components"]}
    assert digests == {
        "data:evaluation:evaluation.parquet": sha("evaluation"),
        "data:training:flights": sha("flights"),
        "data:training:weather": sha("weather"),
    }
    card = bom["metadata"]["component"]["modelCard"]
    assert {d["ref"] for d in card["modelParameters"]["datasets"]} == set(digests)


def test_an_interval_is_given_where_one_was_computed_and_nowhere_else() -> None:
    bom = made(intervals={"roc_auc": [0.688, 0.695], "accuracy": "wide"})["model"]
    accuracy, roc_auc, *_ = bom["metadata"]["component"]["modelCard"]["quantitativeAnalysis"][
        "performanceMetrics"
    ]
    assert roc_auc["confidenceInterval"] == {"lowerBound": "0.688", "upperBound": "0.695"}
    assert "confidenceInterval" not in accuracy
    assert schema_problem(bom) == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("0.665 [0.655, 0.675] on 9,000 rows",
         {"value": "0.665", "confidenceInterval": {"lowerBound": "0.655", "upperBound": "0.675"}}),
        ("0.665 against 0.66, difference +0.005 [-0.001, +0.011] on 9,000 rows", {"value": "0.665"}),
        ("1.2e-05", {"value": "1.2e-05"}),
        ("0.6.6 of <b>", {"value": "0.6.6 of <b>"}),
    ],
)  # fmt: skip
def test_a_slice_has_its_value_and_the_interval_that_is_its_own(words: str, told: dict[str, Any]) -> None:
    bom = made(slice_words=words)["model"]
    *_, found = bom["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert found == {"type": "roc_auc", "slice": "origin=JFK", **told}
    assert schema_problem(bom) == ""


def test_a_model_that_was_not_judged_has_no_metrics() -> None:
    bom = bom_of(replace(run(), results=()), LOCK)["model"]
    assert "quantitativeAnalysis" not in bom["metadata"]["component"]["modelCard"]
    assert schema_problem(bom) == ""


def with_record(record: Any) -> dict[str, Any]:
    told = run()
    artifacts = (replace(a, facts={**a.facts, "record": record}) for a in told.artifacts)
    return dict(bom_of(replace(told, artifacts=tuple(artifacts)), LOCK)["model"])


def test_a_hostile_record_stays_a_valid_document() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = {"a": deep, "b": [deep]} if not isinstance(deep, dict) else {"a": deep}
    wide = {f"k{i}": i for i in range(5_000)}
    hostile = {
        "data_sha256": {HOSTILE: sha("x"), "odd": "zz", "list": [1]},
        "parameters": wide,
        HOSTILE: HOSTILE,
        "deep": deep,
        "considerations": {"users": [HOSTILE, 3]},
    }
    bom = with_record(hostile)
    assert schema_problem(bom) == ""
    assert len(canonical(bom)) < 200_000 and "\x1b" not in json.dumps(bom, ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(VALUES, st.dictionaries(st.text(), VALUES, max_size=3))
def test_any_record_and_any_facts_stay_valid(record: Any, facts: dict[str, Any]) -> None:
    assert schema_problem(with_record(record)) == ""
    told = {"metrics": facts, "intervals": record}
    assert schema_problem(made(**told)["model"]) == ""


def test_a_thousand_damaged_records() -> None:
    """Seeded: any part of a training record replaced by junk gives a document, never an exception."""
    dice = random.Random(16)  # noqa: S311  a seed, not a secret
    junk: list[Any] = [None, True, -1, 1e308, float("nan"), "", HOSTILE, [], {}, [[[[1]]]], {"a": {"b": {}}}]
    for _ in range(1_000):
        record: dict[str, Any] = json.loads(json.dumps(TRAINING))
        for _ in range(dice.randrange(1, 4)):
            at = record[key] if isinstance(record[key := dice.choice(list(record))], dict) else record
            at[dice.choice([*at, HOSTILE]) if at else HOSTILE] = copy.deepcopy(dice.choice(junk))
        bom = with_record(record)
        assert canonical(bom) == canonical(with_record(record))
    assert schema_problem(bom) == ""


def test_an_image_that_was_built_is_its_digest_whatever_its_definition_locks() -> None:
    told, pushed = run(), {"built": True, "image": f"registry/train@sha256:{sha('t')}"}
    artifacts = tuple(replace(a, facts=pushed) if a.name == "train" else a for a in told.artifacts)
    bom = bom_of(replace(told, artifacts=artifacts), LOCK)["train"]
    assert bom["metadata"]["component"]["hashes"][0]["content"] == sha("t")
    assert bom["compositions"][0]["aggregate"] == "unknown" and schema_problem(bom) == ""


def test_what_the_models_file_is_made_of_is_told() -> None:
    opened = {"format": "onnx", "opset": {"ai.onnx.ml": 3, "ai.onnx": 15}, "operators": ["Cast", "Gemm"]}
    told = run()
    artifacts = tuple(replace(a, facts={**a.facts, **opened}) for a in told.artifacts)
    bom = bom_of(replace(told, artifacts=artifacts), LOCK)["model"]
    found = props(bom["metadata"]["component"])
    assert found["lockgate:model:opset"] == "ai.onnx=15, ai.onnx.ml=3"
    assert found["lockgate:model:operators"] == "Cast, Gemm"

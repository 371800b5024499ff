"""The candidate itself: the model that was recorded, that opens, that says something."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.judging import FEATURES, MODELS, binary, multiclass, regression, table
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.judge.latency import times
from runner.judge.onnx_model import Unusable, WrongModel, open_model
from runner.judge.predictions import BINARY, MULTICLASS, REGRESSION
from runner.judge.subject import Record, outputs_check, read_record, record_check
from runner.model import Status

BYTES = (MODELS / "binary.onnx").read_bytes()
DIGEST = hashlib.sha256(BYTES).hexdigest()
MATRIX = table()[list(FEATURES)].to_numpy()


def test_the_recorded_model_passes() -> None:
    check = record_check(BYTES, DIGEST, Record({"model_sha256": DIGEST}))
    assert check.status is Status.PASSED and check.measured == DIGEST[:12]


def test_a_swapped_model_fails_with_both_digests() -> None:
    check = record_check(BYTES, DIGEST, Record({"model_sha256": "f" * 64}))
    assert check.status is Status.FAILED
    assert DIGEST[:12] in check.cause and "f" * 12 in check.cause


def test_a_file_that_is_not_the_artifact_is_an_error() -> None:
    check = record_check(BYTES, "e" * 64, Record({"model_sha256": DIGEST}))
    assert check.status is Status.ERROR and "e" * 12 in check.cause


@pytest.mark.parametrize("data", [{}, {"model_sha256": None}, {"model_sha256": 3}])
def test_a_record_that_names_no_model_is_an_error(data: dict[str, object]) -> None:
    assert record_check(BYTES, DIGEST, Record(data)).status is Status.ERROR


@pytest.mark.parametrize("content", [b"", b"[]", b'{"model_sha256": "a", "model_sha256": "b"}', None])
def test_a_record_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "r.json").write_bytes(content)
    check = record_check(BYTES, DIGEST, read_record(tmp_path, "r.json"))
    assert check.status is Status.ERROR and "r.json" in check.cause


def test_the_excerpt_holds_plain_values_of_one_line() -> None:
    assert Record({"a": "x\ny", "b": 1, "c": [1], "d": {}}).excerpt() == {"a": "x y", "b": 1}


def test_probabilities_are_the_second_column_whatever_form_they_have() -> None:
    plain = open_model(BYTES, 3, BINARY).scores(MATRIX, BINARY)
    zipped = open_model((MODELS / "binary-zipmap.onnx").read_bytes(), 3, BINARY).scores(MATRIX, BINARY)
    assert plain.shape == (600,) and (plain == zipped).all()
    late = table()["late"].to_numpy()
    assert plain[late == 1].mean() > plain[late == 0].mean() + 0.2


def test_models_of_the_other_tasks() -> None:
    three = open_model((MODELS / "three.onnx").read_bytes(), 3, MULTICLASS).scores(MATRIX, MULTICLASS, 3)
    assert three.shape == (600, 3) and three.sum(axis=1) == pytest.approx(np.ones(600), abs=1e-5)
    values = open_model((MODELS / "regression.onnx").read_bytes(), 3, REGRESSION).scores(MATRIX, REGRESSION)
    assert np.corrcoef(values, table()["value"])[0, 1] > 0.6


def test_a_model_of_other_inputs_or_of_another_task_is_the_wrong_one() -> None:
    with pytest.raises(WrongModel, match="takes 6 features, the evaluation has 3"):
        open_model((MODELS / "wide.onnx").read_bytes(), 3, BINARY)
    with pytest.raises(WrongModel, match="3 columns"):
        open_model((MODELS / "three.onnx").read_bytes(), 3, BINARY).scores(MATRIX, BINARY)
    with pytest.raises(WrongModel, match="3 columns"):
        open_model((MODELS / "three.onnx").read_bytes(), 3, MULTICLASS).scores(MATRIX, MULTICLASS, 4)


@pytest.mark.parametrize("data", [b"", b"not a model", BYTES[:200], BYTES * 2, b"\x08\x08" * 500])
def test_bytes_that_are_no_model_are_unusable(data: bytes) -> None:
    with pytest.raises((Unusable, WrongModel)) as refusal:
        open_model(data, 3, BINARY).scores(MATRIX, BINARY)
    assert "\n" not in str(refusal.value)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
def test_a_model_with_one_byte_changed_is_scored_or_refused(place: int, change: int) -> None:
    damaged = bytearray(BYTES)
    damaged[place] ^= change
    try:
        scores = open_model(bytes(damaged), 3, BINARY).scores(MATRIX[:5], BINARY)
    except (Unusable, WrongModel):
        return
    assert scores.shape == (5,)


def test_latency_is_measured_as_often_as_asked() -> None:
    taken = times(open_model(BYTES, 3, BINARY), MATRIX[:7], 30)
    assert len(taken) == 30 and all(0 < ms < 1000 for ms in taken)


def test_outputs_that_are_fine() -> None:
    for p in (binary(), multiclass(), regression()):
        assert outputs_check(p, MATRIX[:300]).status is Status.PASSED


@pytest.mark.parametrize(
    ("value", "cause"),
    [(np.nan, "NaN or infinite"), (np.inf, "NaN or infinite"), (1.5, "outside [0, 1]"), (-0.1, "outside")],
)
def test_outputs_that_are_no_probabilities_fail(value: float, cause: str) -> None:
    p = binary()
    scores = p.scores.copy()
    scores[[3, 9]] = value
    check = outputs_check(replace(p, scores=scores), MATRIX[:300])
    assert check.status is Status.FAILED and f"2 of 300 predictions are {cause}" in check.cause
    assert check.cause.endswith("e.g. row 3")


def test_probabilities_of_classes_sum_to_one() -> None:
    p = multiclass()
    check = outputs_check(replace(p, scores=p.scores * 0.9), MATRIX[:300])
    assert check.status is Status.FAILED and "do not sum to 1" in check.cause


def test_a_regression_may_say_any_finite_number() -> None:
    p = regression()
    assert outputs_check(replace(p, scores=p.scores * 1e6), MATRIX[:300]).status is Status.PASSED
    assert outputs_check(replace(p, scores=p.scores * np.nan), MATRIX[:300]).status is Status.FAILED


def test_a_constant_is_refused_where_the_rows_differ() -> None:
    p = binary()
    same = replace(p, scores=np.full(300, 0.21))
    check = outputs_check(same, MATRIX[:300])
    assert check.status is Status.FAILED
    assert check.cause == "the model says 0.21 to every one of 300 rows"
    assert outputs_check(same, np.repeat(MATRIX[:1], 300, axis=0)).status is Status.PASSED
    assert outputs_check(same.where(slice(0, 1)), MATRIX[:1]).status is Status.PASSED
    classes = replace(multiclass(), scores=np.tile([0.2, 0.5, 0.3], (300, 1)))
    assert "says 0.2, 0.5, 0.3 to" in outputs_check(classes, MATRIX[:300]).cause


def test_one_other_answer_is_no_constant() -> None:
    p = replace(binary(), scores=np.full(300, 0.21))
    p.scores[7] = 0.22
    assert outputs_check(p, MATRIX[:300]).status is Status.PASSED

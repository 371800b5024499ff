"""predict: it serves the model that was trained, that model only, and the probability of being LATE."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from features.app import handler as features
from predict import app

MODEL = Path("build/model.onnx")
GOLDEN = [json.loads(line) for line in Path("build/golden.jsonl").read_text().splitlines()]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A copy of the model, which the function's environment names."""
    copy = tmp_path / "model.onnx"
    shutil.copy(MODEL, copy)
    monkeypatch.setenv("MODEL_URI", copy.as_uri())
    monkeypatch.setenv("MODEL_SHA256", hashlib.sha256(copy.read_bytes()).hexdigest())
    app.load.cache_clear()
    yield copy
    app.load.cache_clear()


@pytest.fixture
def vector():
    """What features answers for a real flight."""
    return features(GOLDEN[0]["event"], None)


def test_the_probability_is_the_one_of_training(model):
    served = [app.handler(features(row["event"], None), None)["probability"] for row in GOLDEN]
    assert served == pytest.approx([row["expected"]["probability"] for row in GOLDEN], abs=1e-6)


def test_the_golden_rows_tell_a_probability_from_its_complement():
    expected = [row["expected"]["probability"] for row in GOLDEN]
    assert len(expected) >= 40
    assert min(expected) < 0.1
    assert max(expected) > 0.7
    assert sum(abs(p - 0.5) > 0.05 for p in expected) >= 40


def test_the_answer_names_the_model_and_json_can_carry_it(model, vector):
    answer = app.handler(vector, None)
    assert answer["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_each_answer_is_told_to_cloudwatch_by_its_bin(model, vector, capsys, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "predict")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    answer = app.handler(vector, None)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["Function"], told["Version"], told["Output"]) == ("predict", "7", 1)
    assert told["Bin"] == f"0.{int(10 * answer['probability'])}"
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert all(name in told for name in [*directive["Dimensions"][0], directive["Metrics"][0]["Name"]])


@pytest.mark.parametrize(
    ("probability", "label"),
    [(0.0, "0.0"), (0.1, "0.1"), (0.999, "0.9"), (1.0, "0.9"), (float("nan"), "invalid"), (-0.1, "invalid")],
)
def test_the_bin_of_a_probability(probability, label):
    assert app.tenth(probability) == label


def test_missing_features_are_answered_too(model, vector):
    vector["features"][8:] = [None] * len(vector["features"][8:])
    assert 0 < app.handler(vector, None)["probability"] < 1


def test_a_model_with_another_digest_is_refused(model, vector):
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(RuntimeError, match=r"MODEL_SHA256: .* refused"):
        app.handler(vector, None)


def test_a_refusal_is_not_remembered(model, vector):
    whole = model.read_bytes()
    model.write_bytes(b"half of it")
    with pytest.raises(RuntimeError):
        app.handler(vector, None)
    model.write_bytes(whole)
    assert app.handler(vector, None)["probability"] > 0


def test_the_model_is_fetched_once(model, vector):
    first = app.handler(vector, None)
    model.unlink()
    assert app.handler(vector, None) == first


@pytest.mark.parametrize("uri", ["http://example.com/model.onnx", "/model.onnx", ""])
def test_a_model_from_elsewhere_is_refused(model, vector, monkeypatch, uri):
    monkeypatch.setenv("MODEL_URI", uri)
    with pytest.raises(ValueError, match="MODEL_URI"):
        app.handler(vector, None)


@pytest.mark.parametrize("value", ["1", True, float("nan"), float("inf"), [1]])
def test_a_feature_that_is_no_number_is_named(model, vector, value):
    vector["features"][1] = value
    with pytest.raises(ValueError, match=r"features\.departure_minute"):
        app.handler(vector, None)


@pytest.mark.parametrize(
    "broken",
    [
        {"names": ["distance", "day_of_week"]},
        {"names": None},
        {"features": [1.0]},
        {"features": None},
        {"features": "12345678901234567"},
    ],
)
def test_features_that_are_not_the_models_are_refused(model, vector, broken):
    with pytest.raises(ValueError, match=next(iter(broken))):
        app.handler({**vector, **broken}, None)


def test_features_in_another_order_are_refused(model, vector):
    vector["names"] = vector["names"][::-1]
    with pytest.raises(ValueError, match="names"):
        app.handler(vector, None)

"""The two functions behind their aliases: what runs, what it answers, what it refuses."""

import pytest


@pytest.mark.parametrize("name", ["Features", "Predict"])
def test_the_alias_runs_the_published_version(invoke, outputs, name):
    version = invoke(outputs[f"{name}AliasArn"], {})["version"]
    assert version == outputs[f"{name}VersionNumber"]
    assert version.isdigit()


def test_predict_serves_the_model_that_was_tested(invoke, outputs, golden, model_sha256):
    features = invoke(outputs["FeaturesAliasArn"], golden[0]["event"])["answer"]
    answer = invoke(outputs["PredictAliasArn"], features)["answer"]
    assert answer["model_sha256"] == model_sha256


def test_a_flight_without_weather_is_answered(invoke, outputs, golden):
    row = next(row for row in golden if row["event"]["weather"] is None)
    features = invoke(outputs["FeaturesAliasArn"], row["event"])["answer"]
    answer = invoke(outputs["PredictAliasArn"], features)["answer"]
    assert answer["probability"] == pytest.approx(row["expected"]["probability"], abs=1e-6)


def test_a_flight_that_is_wrong_is_refused_by_name(invoke, outputs, golden):
    event = golden[0]["event"]
    refused = invoke(outputs["FeaturesAliasArn"], {**event, "flight": {**event["flight"], "month": 13}})
    assert refused["error"]
    assert "flight.year, month, day" in refused["answer"]["errorMessage"]


def test_weather_from_after_the_departure_is_refused(invoke, outputs, golden):
    event = golden[0]["event"]
    leak = {**event, "weather": {**event["weather"], "time_hour": event["flight"]["time_hour"]}}
    refused = invoke(outputs["FeaturesAliasArn"], leak)
    assert refused["error"]
    assert "weather.time_hour" in refused["answer"]["errorMessage"]


def test_features_that_are_not_the_models_are_refused(invoke, outputs):
    refused = invoke(outputs["PredictAliasArn"], {"features": [1.0], "names": ["distance"]})
    assert refused["error"]
    assert "names" in refused["answer"]["errorMessage"]

"""The two functions behind their aliases: what runs, what it answers, what it refuses."""

import pytest


@pytest.mark.parametrize("name", ["Features", "Predict"])
def test_the_alias_runs_the_published_version(invoke, outputs, name):
    version = invoke(outputs[f"{name}AliasArn"], {})["version"]
    assert version == outputs[f"{name}VersionNumber"]
    assert version.isdigit()


def test_predict_serves_the_model_that_was_tested(ask, flights, model_sha256):
    assert ask(flights["scheduled-flight"])["model_sha256"] == model_sha256


# `lockgate deploy` asks this of new versions before they get any traffic: the outputs name them then.
@pytest.mark.pre_traffic
@pytest.mark.parametrize("name", ["scheduled-flight", "unknown-carrier", "without-weather"])
def test_a_flight_is_answered_with_a_probability(ask, flights, name):
    assert 0 < ask(flights[name])["probability"] < 1


def test_a_flight_that_is_wrong_is_refused_by_name(invoke, outputs, flights):
    event = flights["scheduled-flight"]
    refused = invoke(outputs["FeaturesAliasArn"], {**event, "flight": {**event["flight"], "month": 13}})
    assert refused["error"]
    assert "flight.year, month, day" in refused["answer"]["errorMessage"]


def test_weather_from_after_the_departure_is_refused(invoke, outputs, flights):
    event = flights["scheduled-flight"]
    leak = {**event, "weather": {**event["weather"], "time_hour": event["flight"]["time_hour"]}}
    refused = invoke(outputs["FeaturesAliasArn"], leak)
    assert refused["error"]
    assert "weather.time_hour" in refused["answer"]["errorMessage"]


def test_features_that_are_not_the_models_are_refused(invoke, outputs):
    refused = invoke(outputs["PredictAliasArn"], {"features": [1.0], "names": ["distance"]})
    assert refused["error"]
    assert "names" in refused["answer"]["errorMessage"]

"""The state machine: every flight of a batch through features and predict, in its order."""

import json

import pytest


def test_a_batch_is_answered_as_each_flight_alone(batch, flights, ask):
    execution = batch({"items": list(flights.values())})
    assert execution["status"] == "SUCCEEDED", execution
    served = [answer["probability"] for answer in json.loads(execution["output"])]
    assert len(set(served)) == len(flights)  # so that their order shows
    assert served == pytest.approx([ask(flight)["probability"] for flight in flights.values()], abs=1e-6)


def test_an_empty_batch_is_answered_with_nothing(batch):
    execution = batch({"items": []})
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", [])


def test_one_flight_that_is_refused_fails_the_batch(batch, flights):
    event = flights["scheduled-flight"]
    broken = {**event, "flight": {**event["flight"], "origin": "BOS"}}
    execution = batch({"items": [event, broken]})
    assert execution["status"] == "FAILED"
    assert "flight.origin" in execution["cause"]

"""The state machine: every flight of a batch through features and predict, in its order."""

import json

import pytest

SOME = slice(0, None, 16)  # of the golden rows, each of which has its own worker in the sandbox


def test_a_batch_is_answered_with_the_probabilities_of_training(batch, golden):
    rows = golden[SOME]
    execution = batch({"items": [row["event"] for row in rows]})
    assert execution["status"] == "SUCCEEDED", execution
    served = [answer["probability"] for answer in json.loads(execution["output"])]
    assert served == pytest.approx([row["expected"]["probability"] for row in rows], abs=1e-6)


def test_an_empty_batch_is_answered_with_nothing(batch):
    execution = batch({"items": []})
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", [])


def test_one_flight_that_is_refused_fails_the_batch(batch, golden):
    broken = {**golden[0]["event"], "flight": {**golden[0]["event"]["flight"], "origin": "BOS"}}
    execution = batch({"items": [golden[1]["event"], broken]})
    assert execution["status"] == "FAILED"
    assert "flight.origin" in execution["cause"]

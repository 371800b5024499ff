"""Training: what counts as late, which months teach and which judge, and that nothing leaks."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from delay_features import FLIGHT_FIELDS, NAMES, WEATHER_FIELDS, vector
from delay_features.codes import CARRIERS, DESTINATIONS, ORIGINS
from training import dataset

KNOWN_ONLY_AFTER_DEPARTURE = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
RECORD = json.loads(Path("build/training.json").read_text())


def flight(month: int, arr_delay: float) -> dict:
    """A flight at noon on the tenth of a winter month, as the raw table holds it."""
    return {
        "year": 2013, "month": month, "day": 10, "dep_time": 1200.0, "sched_dep_time": 1200,
        "dep_delay": 0.0, "arr_time": 1500.0, "sched_arr_time": 1500, "arr_delay": arr_delay,
        "carrier": "UA", "flight": 1, "tailnum": "N1", "origin": "JFK", "dest": "LAX", "air_time": 300.0,
        "distance": 2475, "hour": 12, "minute": 0, "time_hour": f"2013-{month:02}-10T17:00:00Z",
    }  # fmt: skip


def weather(month: int, utc_hour: int, temp: float) -> dict:
    """An observation of that hour, of the temperature alone."""
    hour = {"origin": "JFK", "time_hour": f"2013-{month:02}-10T{utc_hour:02}:00:00Z"}
    return {**dict.fromkeys(WEATHER_FIELDS, np.nan), **hour, "temp": temp}


def build(flights: list[dict], observed: list[dict] = ()) -> dataset.Dataset:
    return dataset.build(pd.DataFrame(flights), pd.DataFrame(observed or [weather(2, 3, 0.0)]))


def test_late_is_fifteen_minutes_or_more():
    made = build([flight(1, 14.0), flight(1, 15.0), flight(1, -3.0), flight(1, 120.0)])
    assert made.late.tolist() == [0, 1, 0, 1]


def test_a_flight_that_never_arrived_is_no_example():
    made = build([flight(1, np.nan), flight(1, 20.0)])
    assert made.late.tolist() == [1]
    assert made.features.shape == (1, len(NAMES))


def test_earlier_months_teach_and_later_ones_judge():
    train, test = dataset.split(build([flight(month, month) for month in (1, 2, 3, 11, 12)]))
    assert train.flights["month"].tolist() == [1, 2, 3]
    assert test.flights["month"].tolist() == [11, 12]
    assert [event["flight"]["month"] for event in test.events] == [11, 12]


def test_the_weather_is_that_of_the_hour_before():
    observed = [weather(1, 15, 10.0), weather(1, 16, 20.0), weather(1, 17, 30.0)]
    made = build([flight(1, 0.0)], observed)
    assert made.features[0, NAMES.index("temp")] == 20.0


def test_missing_weather_is_missing_and_not_zero():
    made = build([flight(1, 0.0)])
    assert made.events[0]["weather"] is None
    assert np.isnan(made.features[0, NAMES.index("temp") :]).all()


def test_an_event_carries_nothing_that_is_known_only_after_departure():
    made = build([flight(1, 99.0)], [weather(1, 16, 20.0)])
    assert set(made.events[0]["flight"]) == set(FLIGHT_FIELDS)
    assert not KNOWN_ONLY_AFTER_DEPARTURE & {*FLIGHT_FIELDS, *NAMES}


def test_an_event_is_what_json_would_carry():
    made = build([flight(1, 0.0)], [weather(1, 16, 20.0)])
    assert json.loads(json.dumps(made.events[0], allow_nan=False)) == made.events[0]


@pytest.mark.parametrize("codes", [ORIGINS, CARRIERS, DESTINATIONS])
def test_codes_are_not_shared(codes):
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("column", "codes"), [("origin", ORIGINS), ("carrier", CARRIERS), ("dest", DESTINATIONS)]
)
def test_every_value_of_the_data_has_a_code(column, codes):
    found = pd.read_parquet("build/data/flights.parquet", columns=[column])[column]
    assert set(found) == set(codes)


def test_the_evaluation_table_is_the_test_period_in_the_models_own_order():
    table = pd.read_parquet("build/evaluation.parquet")
    assert list(table.columns[: len(NAMES)]) == list(NAMES) == RECORD["features"]
    assert set(table["month"]) == {10, 11, 12}
    assert (table["date"].str[5:7].astype(int) == table["month"]).all() and table["date"].nunique() > 88
    assert len(table) == RECORD["test"]["rows"]
    assert table["late"].mean() == pytest.approx(RECORD["test"]["late_rate"], abs=1e-6)


def test_the_evaluation_table_holds_what_serving_would_compute():
    table = pd.read_parquet("build/evaluation.parquet", columns=list(NAMES)).to_numpy()
    rows = {row.tobytes() for row in table}
    for line in Path("build/golden.jsonl").read_text().splitlines():
        served = np.array(vector(json.loads(line)["event"]), dtype=np.float32)
        assert served.tobytes() in rows


def test_the_record_names_what_was_made():
    for key, name in [("model", "model.onnx"), ("reference", "model.skops"), ("golden", "golden.jsonl")]:
        assert RECORD[f"{key}_sha256"] == hashlib.sha256(Path("build", name).read_bytes()).hexdigest()

"""features: values worked out by hand, what is refused, and what must never be read."""

import json
from collections.abc import Mapping
from copy import deepcopy

import pytest
from delay_features import FLIGHT_FIELDS, NAMES, WEATHER_FIELDS, hour_before, vector
from features.app import handler

# United 1545, Newark to Houston, Tuesday 1 January 2013, 05:15 (10:15 UTC): the data's first row.
FLIGHT = {
    "year": 2013, "month": 1, "day": 1, "sched_dep_time": 515, "sched_arr_time": 819,
    "carrier": "UA", "origin": "EWR", "dest": "IAH", "distance": 1400, "time_hour": "2013-01-01T10:00:00Z",
}  # fmt: skip
WEATHER = {
    "origin": "EWR", "time_hour": "2013-01-01T09:00:00Z", "temp": 39.02, "dewp": 28.04, "humid": 64.43,
    "wind_dir": 260.0, "wind_speed": 12.65858, "wind_gust": None, "precip": 0.0, "pressure": 1011.9,
    "visib": 10.0,
}  # fmt: skip


def event(weather: dict | None = None, **flight: object) -> dict:
    """The sample event with some of its fields replaced."""
    return {"flight": {**FLIGHT, **flight}, "weather": {**WEATHER, **(weather or {})}}


def feature(name: str, given: dict) -> float | None:
    return vector(given)[NAMES.index(name)]


def test_a_row_worked_out_by_hand():
    assert dict(zip(NAMES, vector(event()), strict=True)) == {
        "day_of_week": 1,
        "departure_minute": 5 * 60 + 15,
        "arrival_minute": 8 * 60 + 19,
        "block_minutes": 3 * 60 + 4,
        "distance": 1400.0,
        "carrier_code": 11,
        "origin_code": 0,
        "dest_code": 43,
        "temp": 39.02,
        "dewp": 28.04,
        "humid": 64.43,
        "wind_dir": 260.0,
        "wind_speed": 12.65858,
        "wind_gust": None,
        "precip": 0.0,
        "pressure": 1011.9,
        "visib": 10.0,
    }


def test_the_handler_answers_what_json_can_carry():
    answer = handler(event(), None)
    assert answer == {"features": vector(event()), "names": list(NAMES)}
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_an_arrival_after_midnight_is_on_the_next_day():
    late = {"flight": {**FLIGHT, "sched_dep_time": 2359, "sched_arr_time": 340,
                       "time_hour": "2013-01-02T04:00:00Z"}, "weather": None}  # fmt: skip
    assert feature("block_minutes", late) == 3 * 60 + 41


def test_an_evening_in_new_york_is_the_next_day_in_utc():
    evening = event({"time_hour": "2013-07-04T23:00:00Z"}, month=7, day=4, sched_dep_time=2015,
                    time_hour="2013-07-05T00:00:00Z")  # fmt: skip
    assert feature("day_of_week", evening) == 3  # Thursday, the local date


@pytest.mark.parametrize(
    ("hour", "before"),
    [
        ("2013-06-01T10:00:00Z", "2013-06-01T09:00:00Z"),
        ("2013-03-01T00:00:00Z", "2013-02-28T23:00:00Z"),
        ("2014-01-01T00:00:00Z", "2013-12-31T23:00:00Z"),
    ],
)
def test_the_hour_before(hour, before):
    assert hour_before(hour) == before


def test_when_the_clocks_go_forward_the_hour_before_three_is_one():
    spring = event({"time_hour": "2013-03-10T06:00:00Z"}, month=3, day=10, sched_dep_time=305,
                   time_hour="2013-03-10T07:00:00Z")  # fmt: skip
    assert feature("temp", spring) == 39.02


def test_when_the_clocks_go_back_the_hour_before_two_is_the_second_one():
    autumn = {"month": 11, "day": 3, "sched_dep_time": 205, "time_hour": "2013-11-03T07:00:00Z"}
    assert feature("temp", event({"time_hour": "2013-11-03T06:00:00Z"}, **autumn)) == 39.02
    with pytest.raises(ValueError, match=r"weather\.time_hour"):
        vector(event({"time_hour": "2013-11-03T05:00:00Z"}, **autumn))


@pytest.mark.parametrize("hour", ["2013-01-01T10:00:00Z", "2013-01-01T08:00:00Z", None])
def test_weather_of_another_hour_is_refused_the_departures_own_first_of_all(hour):
    with pytest.raises(ValueError, match=r"weather\.time_hour: .* is not '2013-01-01T09:00:00Z'"):
        vector(event({"time_hour": hour}))


def test_weather_of_another_airport_is_refused():
    with pytest.raises(ValueError, match=r"weather\.origin: 'JFK' is not 'EWR'"):
        vector(event({"origin": "JFK"}))


def test_without_weather_every_reading_is_missing_and_the_rest_is_unchanged():
    whole, without = vector(event()), vector({"flight": FLIGHT, "weather": None})
    assert without == whole[:8] + [None] * 9


@pytest.mark.parametrize(
    ("name", "value"), [("wind_speed", 1048.36), ("precip", -1.0), ("humid", 101), ("temp", float("nan"))]
)
def test_what_a_sensor_cannot_read_is_missing(name, value):
    assert feature(name, event({name: value})) is None


# The lowest and the highest reading of 2013 at the three airports, the wind of 1,048 mph apart.
REAL = {
    "temp": (10.94, 100.04), "dewp": (-9.94, 78.08), "humid": (12.74, 100.0), "wind_dir": (0.0, 360.0),
    "wind_speed": (0.0, 42.57886), "wind_gust": (16.11092, 66.74524), "precip": (0.0, 1.21),
    "pressure": (983.8, 1042.1), "visib": (0.0, 10.0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in REAL for value in REAL[name]])
def test_what_was_really_read_is_kept(name, value):
    assert feature(name, event({name: value})) == value


@pytest.mark.parametrize(("field", "name"), [("carrier", "carrier_code"), ("dest", "dest_code")])
def test_an_unknown_carrier_or_destination_is_missing(field, name):
    assert feature(name, event(**{field: "ZZ"})) is None


class OnlyKnownBefore(dict):
    """A record of the raw table: everything is in it, and only some of it may be looked at."""

    def __init__(self, record: Mapping, allowed: tuple[str, ...]):
        super().__init__(record, dep_time=999, dep_delay=999, arr_time=999, arr_delay=999, air_time=999)
        self.allowed = allowed

    def __getitem__(self, key):
        assert key in self.allowed, f"{key} is known only after departure"
        return super().__getitem__(key)

    def get(self, key, default=None):
        assert key in self.allowed, f"{key} is known only after departure"
        return super().get(key, default)


def test_nothing_is_read_that_is_known_only_after_departure():
    raw = {
        "flight": OnlyKnownBefore(FLIGHT, FLIGHT_FIELDS),
        "weather": OnlyKnownBefore(WEATHER, WEATHER_FIELDS),
    }
    assert vector(raw) == vector(event())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year", "2013"),
        ("month", 13),
        ("day", 31.0),
        ("sched_dep_time", 2475),
        ("sched_dep_time", -5),
        ("sched_dep_time", None),
        ("sched_dep_time", True),
        ("sched_arr_time", 2400),
        ("sched_arr_time", "0819"),
        ("carrier", None),
        ("carrier", ""),
        ("origin", "BOS"),
        ("dest", 7),
        ("distance", 0),
        ("distance", "far"),
        ("distance", float("nan")),
        ("time_hour", "2013-01-01T05:00:00Z"),
        ("time_hour", "2013-01-01 10:00"),
        ("time_hour", None),
    ],
)
def test_a_wrong_field_of_the_flight_is_named(field, value):
    with pytest.raises(ValueError, match=rf"^flight\..*{field}.*: "):
        vector(event(**{field: value}))


@pytest.mark.parametrize("field", FLIGHT_FIELDS)
def test_a_missing_field_of_the_flight_is_named(field):
    broken = deepcopy(event())
    del broken["flight"][field]
    with pytest.raises(ValueError, match=rf"flight\.{field}: None"):
        vector(broken)


def test_a_reading_that_is_no_number_is_named():
    with pytest.raises(ValueError, match=r"weather\.temp: 'mild' is not a number"):
        vector(event({"temp": "mild"}))


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ({"flight": FLIGHT}, "weather"),
        ({"flight": FLIGHT, "weather": []}, "weather"),
        ({"weather": WEATHER}, "flight"),
        ({"flight": None, "weather": WEATHER}, "flight"),
        ([], "flight"),
    ],
)
def test_an_event_of_another_shape_is_refused(broken, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        vector(broken)

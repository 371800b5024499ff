"""The training table: every flight through the very code that serves (`delay_features.vector`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from delay_features import FLIGHT_FIELDS, NAMES, WEATHER_FIELDS, hour_before, vector

from training.paths import DATA

LATE_MINUTES = 15  # the US Department of Transportation's own line between on time and late
LAST_TRAINING_MONTH = 9
PART_OF_DAY = {0: "early", 6: "morning", 10: "midday", 14: "afternoon", 18: "evening"}


@dataclass(frozen=True)
class Dataset:
    """Labelled flights of a period. `features`: (rows, len(NAMES)) float32, NaN for missing; `late`:
    (rows,) 0 or 1; `flights`: (rows, columns of the raw table); `events`: one for each row."""

    events: list[dict[str, Any]]
    features: np.ndarray
    late: np.ndarray
    flights: pd.DataFrame

    def where(self, chosen: np.ndarray) -> "Dataset":
        """The rows where the mask (rows,) is true."""
        events = [event for event, keep in zip(self.events, chosen, strict=True) if keep]
        return Dataset(events, self.features[chosen], self.late[chosen], self.flights[chosen])


def load() -> Dataset:
    """The training table of the raw tables in build/data/."""
    return build(pd.read_parquet(DATA / "flights.parquet"), pd.read_parquet(DATA / "weather.parquet"))


def build(flights: pd.DataFrame, weather: pd.DataFrame) -> Dataset:
    """Every flight that arrived. A cancelled or diverted one has no arrival delay, hence no label."""
    flights = flights[flights["arr_delay"].notna()]
    rows = list(events(flights, weather))
    features = np.array([vector(event) for event in rows], dtype=np.float32)
    late = (flights["arr_delay"] >= LATE_MINUTES).to_numpy().astype(np.int64)
    return Dataset(rows, features.reshape(-1, len(NAMES)), late, flights)


def split(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """January to September to learn from, October to December to be judged on."""
    earlier = (dataset.flights["month"] <= LAST_TRAINING_MONTH).to_numpy()
    return dataset.where(earlier), dataset.where(~earlier)


def events(flights: pd.DataFrame, weather: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The event that `features` would have been sent for each flight: its schedule, and the weather of
    the hour before at its origin, or null. No other field of the flight is handed on."""
    observed = {(row["origin"], row["time_hour"]): row for row in _records(weather, WEATHER_FIELDS)}
    for flight in _records(flights, FLIGHT_FIELDS):
        hour = hour_before(flight["time_hour"])
        yield {"flight": flight, "weather": observed.get((flight["origin"], hour))}


def slices(dataset: Dataset) -> pd.DataFrame:
    """The columns by which the model is judged in parts; none of them is an input."""
    starts = list(PART_OF_DAY)
    part = np.searchsorted(starts, dataset.flights["hour"], side="right") - 1
    return pd.DataFrame(
        {
            "origin": dataset.flights["origin"].to_numpy(),
            "carrier": dataset.flights["carrier"].to_numpy(),
            "month": dataset.flights["month"].to_numpy(),
            "date": _dates(dataset.flights),
            "part_of_day": np.array(list(PART_OF_DAY.values()))[part],
            "has_weather": ["yes" if event["weather"] else "no" for event in dataset.events],
        }
    )


def _dates(flights: pd.DataFrame) -> np.ndarray:
    """The scheduled day as 2013-10-01: flights of one day share their weather, so they are no independent
    rows."""
    days = zip(flights["year"], flights["month"], flights["day"], strict=True)
    return np.array([f"{year}-{month:02}-{day:02}" for year, month, day in days], dtype=object)


def _records(table: pd.DataFrame, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Rows as plain Python values, missing ones as None: what JSON would carry."""
    columns = [table[name].astype(object).where(table[name].notna(), None).tolist() for name in names]
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

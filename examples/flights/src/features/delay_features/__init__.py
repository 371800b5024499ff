"""What is known of a flight before it departs, as numbers. Shared by training and serving."""

from delay_features.moments import hour_before
from delay_features.vector import FLIGHT_FIELDS, NAMES, WEATHER_FIELDS, vector

__all__ = ["FLIGHT_FIELDS", "NAMES", "WEATHER_FIELDS", "hour_before", "vector"]

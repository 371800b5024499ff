"""The benchmark's 25 expectations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CARRIERS = ["AA", "UA", "DL", "B6", "WN", "EV", "MQ", "US"]


def write_suite(path: Path) -> None:
    """Write the suite, in Great Expectations' own JSON."""
    listed = [{"type": f"expect_{type}", "kwargs": kwargs} for type, kwargs in EXPECTATIONS]
    path.write_text(json.dumps({"name": "speed", "expectations": listed}))


def _on(type: str, *columns: str, **kwargs: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(f"column_{type}", {"column": column, **kwargs}) for column in columns]


EXPECTATIONS = [
    *_on("values_to_be_unique", "id", "tail"),
    *_on("values_to_not_be_null", "id", "f0", "carrier", "origin", "code"),
    *_on("values_to_be_between", "f0", "f1", "f2", "f3", "i0", "i1", min_value=-1000, max_value=1000),
    *_on("values_to_be_in_set", "carrier", value_set=CARRIERS),
    *_on("values_to_match_regex", "code", regex=r"^N\d{5}$"),
    *_on("value_lengths_to_equal", "origin", value=3),
    *_on("mean_to_be_between", "f4", min_value=0),
    *_on("stdev_to_be_between", "f5", min_value=0.1),
    *_on("min_to_be_between", "share", min_value=0),
    *_on("max_to_be_between", "share", max_value=1),
    *_on(
        "quantile_values_to_be_between",
        "f6",
        quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, None]]},
    ),
    *_on("unique_value_count_to_be_between", "dest", min_value=1, max_value=200),
    *_on("values_to_be_of_type", "i0", type_="int32"),
    ("table_row_count_to_be_between", {"min_value": 1}),
    (
        "column_pair_values_a_to_be_greater_than_b",
        {"column_A": "i3", "column_B": "i0", "or_equal": True, "mostly": 0.1},
    ),
]

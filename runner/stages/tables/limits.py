"""A suite's expectations as the limits that a manifest carries; bounded, whatever the suite's size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runner.stages.tables.suite import COLUMN_KEYS, Expectation, Suite

MAX_EXPECTATIONS = 1_000
MAX_VALUE = 500


def limits_of(suite: Suite) -> dict[str, Any]:
    """Facts of a suite: how many expectations, and `limits`: check id -> arguments (and the severity where
    it is not critical). A long argument is its digest; of a very large suite the count alone is kept."""
    facts: dict[str, Any] = {"expectations": len(suite.expectations)}
    if len(suite.expectations) > MAX_EXPECTATIONS:
        return facts
    limits = {e.id: _arguments(e) for e in suite.expectations}
    if suite.parameters:
        limits["suite_parameters"] = _short(suite.parameters)
    return {**facts, "limits": limits}


def _arguments(expectation: Expectation) -> dict[str, Any]:
    told = {k: v for k, v in expectation.kwargs.items() if k not in COLUMN_KEYS and v is not None}
    if expectation.severity != "critical":
        told["severity"] = expectation.severity
    return _short(told)


def _short(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name)[:100]: _bounded(value) for name, value in values.items()}


def _bounded(value: Any) -> Any:
    text = json.dumps(value, sort_keys=True, default=str)
    return value if len(text) <= MAX_VALUE else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

"""Criteria as the limits that a manifest carries, so that two manifests tell which was loosened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runner.judge.criteria import Champion, Criteria, Dummy

Limits = dict[str, Any]


def limits_of(criteria: Criteria) -> dict[str, Limits]:
    """Check id -> what bounds it: min, max, by, min_rows, and the options that give them their meaning."""
    return {id: {name: v for name, v in told.items() if v is not None} for id, told in _limits(criteria)}


def _limits(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    for rule in criteria.metrics:
        yield f"metrics/{rule.label}", {"min": rule.min, "max": rule.max}
    yield from _baseline(criteria)
    if criteria.calibration:
        yield "calibration/ece", {"max": criteria.calibration.max_error, "bins": criteria.calibration.bins}
    for part in criteria.slices:
        yield (
            f"slices/{part.by}/{part.label}",
            {"min": part.min, "max": part.max, "min_rows": part.min_rows},
        )
    if criteria.latency:
        yield "latency/p95", {"max": criteria.latency.p95_ms, "repeats": criteria.latency.repeats}
    if criteria.size:
        yield "size", {"max": criteria.size.max_mb}
    if criteria.parity:
        yield "parity", {"max": criteria.parity.max_abs_diff}


def _baseline(criteria: Criteria) -> Iterator[tuple[str, Limits]]:
    rule = criteria.baseline
    against = f"{rule.strategy} dummy" if isinstance(rule, Dummy) else "champion"
    for beat in rule.must_beat if rule else ():
        yield f"baseline/{beat.label}", {"by": beat.by, "against": against}
    for each in rule.compare if isinstance(rule, Champion) else ():
        yield (
            f"champion/{each.label}",
            {"margin": each.margin, "alpha": each.alpha, "accept": list(each.accept)},
        )

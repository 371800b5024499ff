"""How long one prediction takes: in this process on one thread, or through the container that serves it."""

from __future__ import annotations

from typing import Any

from runner.judge.bounds import bounded, number
from runner.judge.criteria import Latency
from runner.judge.onnx_model import Scorer, Unusable
from runner.judge.predictions import CannotCompute
from runner.model import Check

PERCENTILES = (50, 95, 99)


def percentiles(model: Scorer, matrix: Any, repeats: int) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds; raises CannotCompute where the model takes no single row."""
    import numpy as np

    try:
        taken = model.latencies(matrix, repeats)
    except Unusable as error:
        raise CannotCompute(str(error)) from None
    return {f"p{p}": float(np.percentile(taken, p)) for p in PERCENTILES}


def latency_check(rule: Latency, measured: dict[str, float] | CannotCompute) -> Check:
    """One check, `latency/p95`; the other percentiles stand in its details."""

    def p95() -> float:
        if isinstance(measured, CannotCompute):
            raise measured
        return measured["p95"]

    details = (
        ""
        if isinstance(measured, CannotCompute)
        else ", ".join(f"{name} {number(value, 'ms')}" for name, value in measured.items())
    )
    return bounded("latency/p95", "p95 of one prediction", p95, high=rule.p95_ms, unit="ms", details=details)

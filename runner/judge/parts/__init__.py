"""The kinds of rules, in the order in which they are checked: a plugin is a file here and a line."""

from __future__ import annotations

from runner.judge.part import Part
from runner.judge.parts import (
    baseline,
    calibration,
    explain,
    fairness,
    latency,
    memory,
    metrics,
    pairing,
    parity,
    size,
    slices,
    worst,
)

PARTS: dict[str, Part] = {
    "pairing": pairing.PART,
    "metrics": metrics.PART,
    "baseline": baseline.PART,
    "calibration": calibration.PART,
    "slices": slices.PART,
    "fairness": fairness.PART,
    "worst": worst.PART,
    "latency": latency.PART,
    "memory": memory.PART,
    "size": size.PART,
    "parity": parity.PART,
    "explain": explain.PART,
}

"""The kinds of rules, in the order in which they are checked: a plugin is a file here and a line."""

from __future__ import annotations

from runner.judge.part import Part
from runner.judge.parts import (
    baseline,
    behaviour,
    calibration,
    classes,
    explain,
    fairness,
    latency,
    leakage,
    memory,
    metrics,
    pairing,
    parity,
    regressions,
    robustness,
    size,
    slices,
    worst,
)

PARTS: dict[str, Part] = {
    "pairing": pairing.PART,
    "metrics": metrics.PART,
    "baseline": baseline.PART,
    "regressions": regressions.PART,
    "calibration": calibration.PART,
    "classes_predicted": classes.PART,
    "slices": slices.PART,
    "fairness": fairness.PART,
    "worst": worst.PART,
    "latency": latency.PART,
    "memory": memory.PART,
    "size": size.PART,
    "parity": parity.PART,
    "behaviour": behaviour.PART,
    "robustness": robustness.PART,
    "leakage": leakage.PART,
    "explain": explain.PART,
}

from __future__ import annotations

from runner.judge.criteria import Criteria
from runner.judge.rules import limits_of


def test_every_kind_of_rule_says_what_bounds_it() -> None:
    criteria = Criteria.model_validate(
        {
            "version": 1,
            "task": "binary-classification",
            "metrics": [{"metric": "roc_auc", "min": 0.66}, {"metric": "f1", "threshold": 0.4, "min": 0.2}],
            "baseline": {"kind": "dummy", "strategy": "prior", "must_beat": [{"metric": "log_loss"}]},
            "calibration": {"max_error": 0.04},
            "slices": [{"by": "origin", "metric": "roc_auc", "min": 0.6, "min_rows": 100}],
            "latency": {"p95_ms": 20},
            "size": {"max_mb": 1},
            "parity": {},
        }
    )
    assert limits_of(criteria) == {
        "metrics/roc_auc": {"min": 0.66},
        f"metrics/{criteria.metrics[1].label}": {"min": 0.2},
        "baseline/log_loss": {"by": 0.0, "against": "prior dummy"},
        "calibration/ece": {"max": 0.04, "bins": 10},
        "slices/origin/roc_auc": {"min": 0.6, "min_rows": 100},
        "latency/p95": {"max": 20.0, "repeats": 200},
        "size": {"max": 1.0},
        "parity": {"max": 1e-5},
    }

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


def limits(**rules: object) -> dict[str, dict[str, object]]:
    task = {"version": 1, "task": "binary-classification"}
    return {id: dict(told) for id, told in limits_of(Criteria.model_validate({**task, **rules})).items()}


def test_who_counts_as_one_unit_of_a_comparison_is_part_of_its_limit() -> None:
    """Without its clusters the interval is narrower, and more passes."""
    rule = {"metric": "roc_auc", "margin": 0.01}
    for more, group in (({"group": "day"}, "day"), ({}, None)):
        told = limits(baseline={"kind": "champion", "path": "old.onnx", "compare": [{**rule, **more}]})
        assert told["champion/roc_auc"].get("group") == group


def test_how_groups_are_cut_is_part_of_the_limit_of_a_fairness() -> None:
    rule = {"by": "age", "measure": "demographic_parity", "max_difference": 0.1}
    assert limits(fairness=[{**rule, "bins": [0, 30, 60]}])["fairness/age/demographic_parity"]["bins"] == [
        0.0, 30.0, 60.0,
    ]  # fmt: skip


def test_by_what_a_feature_matters_is_part_of_its_limit() -> None:
    rule = {"must_not_use": ["tail"], "max_importance": 0.1, "max_share_moved": 0.2}
    told = limits(explain={**rule, "metric": "accuracy", "groups": {"tail": ["a", "b"]}, "alpha": 0.1})
    how = {"metric": "accuracy", "groups": {"tail": ["a", "b"]}, "alpha": 0.1, "seed": 0}
    assert told["explain/must_not_use/tail"] == {"max": 0.1, "permutations": 5, "max_rows": 20_000, **how}
    assert told["explain/moved"] == {"max": 0.2, "permutations": 5, "max_rows": 20_000, **how}
    assert "groups" not in limits(explain=rule)["explain/moved"]

"""Criteria files: every problem at once, and nothing that could not fail."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.judging import CRITERIA
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runner.errors import ConfigError
from runner.judge.reading import read_criteria

GOOD = """
version: 1
task: binary-classification
metrics:
  - {metric: roc_auc, min: 0.66}
  - {metric: f1, threshold: 0.3, average: macro, min: 0.2}
  - {metric: f1, min: 0.2}
baseline: {kind: dummy, strategy: prior, must_beat: [{metric: log_loss, by: 0.01}]}
calibration: {max_error: 0.06, bins: 10}
slices:
  - {by: origin, metric: roc_auc, min: 0.62, min_rows: 500}
latency: {p95_ms: 50, repeats: 200}
size: {max_mb: 5}
parity: {max_abs_diff: 1.0e-5}
"""


def read(tmp_path: Path, text: Any) -> Any:
    (tmp_path / "c.yml").write_text(text if isinstance(text, str) else json.dumps(text))
    return read_criteria(tmp_path, "c.yml")[0]


def problems(tmp_path: Path, text: Any) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, text)
    return [str(problem) for problem in refusal.value.problems]


def test_the_agreed_shape_is_read(tmp_path: Path) -> None:
    criteria = read(tmp_path, GOOD)
    assert [rule.label for rule in criteria.metrics] == ["roc_auc", "f1(threshold=0.3, average=macro)", "f1"]
    assert criteria.parity.max_abs_diff == 1e-5 and criteria.slices[0].min_rows == 500


def metric(**rule: Any) -> dict[str, Any]:
    return {"version": 1, "task": "binary-classification", "metrics": [rule]}


REFUSED = {
    "empty": ("", "no criteria"),
    "a comment": ("# to be written\n", "no criteria"),
    "no rules": ("version: 1\ntask: regression\n", "cannot fail"),
    "empty rules": ("version: 1\ntask: regression\nmetrics: []\nslices: []\n", "cannot fail"),
    "no task": ("version: 1\nmetrics: [{metric: r2, min: 0}]\n", "'task' is missing"),
    "another version": ("version: 2\ntask: regression\nmetrics: [{metric: r2, min: 0}]\n", "version"),
    "a typing error": (metric(metric="roc_uac", min=0.6), "did you mean 'roc_auc'"),
    "a metric of another task": (metric(metric="r2", min=0.6), "is not for binary-classification"),
    "an unknown field": (metric(metric="roc_auc", minimum=0.6), "did you mean 'min'"),
    "no bound": (metric(metric="roc_auc"), "needs a min"),
    "the bound of the other side": (metric(metric="log_loss", min=0.1), "needs a max"),
    "never fails": (metric(metric="roc_auc", min=0), "can never fail"),
    "never passes": (metric(metric="roc_auc", min=1.1), "can never pass"),
    "never passes below zero": (metric(metric="log_loss", max=-1), "can never"),
    "min above max": (metric(metric="roc_auc", min=0.9, max=0.8), "above max"),
    "yes": (metric(metric="roc_auc", min=True), "a number"),
    "not a number": ("version: 1\ntask: regression\nmetrics: [{metric: r2, min: .nan}]\n", "finite"),
    "a threshold for scores": (metric(metric="roc_auc", min=0.6, threshold=0.5), "takes no threshold"),
    "an average for scores": (metric(metric="roc_auc", min=0.6, average="macro"), "takes no average"),
    "a dummy that cannot lose": (
        {**CRITERIA, "baseline": {"kind": "dummy", "strategy": "prior", "must_beat": []}},
        "must_beat",
    ),
    "a dummy of another task": (
        {**CRITERIA, "baseline": {**CRITERIA["baseline"], "strategy": "mean"}},
        "fits another task",
    ),
    "no known baseline": ({**CRITERIA, "baseline": {"kind": "chance"}}, "no known kind"),
    "a champion outside": (
        {**CRITERIA, "baseline": {"kind": "champion", "path": "../x", "must_beat": [{"metric": "f1"}]}},
        "inside",
    ),
    "the same rule twice": ({**CRITERIA, "metrics": CRITERIA["metrics"] * 2}, "a second rule for roc_auc"),
    "no bins": ({**CRITERIA, "calibration": {"max_error": 0.1, "bins": 1}}, "bins"),
    "a calibration of everything": ({**CRITERIA, "calibration": {"max_error": 1}}, "less than 1"),
    "a parity of everything": ({**CRITERIA, "parity": {"max_abs_diff": 1}}, "can never fail"),
    "a key twice": ("version: 1\nversion: 1\ntask: regression\n", "duplicate key"),
    "not YAML": ("version: [1\n", "not YAML"),
    "a list": ("- 1\n", "no criteria"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_criteria_that_show_nothing_are_refused(tmp_path: Path, name: str) -> None:
    text, what = REFUSED[name]
    assert any(what in problem for problem in problems(tmp_path, text)), problems(tmp_path, text)


def test_every_problem_comes_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("roc_auc, min: 0.66", "roc_uac, min: 0.66").replace("min: 0.62", "min: 0.0")
    assert [line.split(": ")[0] for line in problems(tmp_path, text)] == ["c.yml:5", "c.yml:11"]


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_criteria(tmp_path, "absent.yml")


def test_regression_has_its_own_rules(tmp_path: Path) -> None:
    text = {"version": 1, "task": "regression", "calibration": {"max_error": 0.1}, "classes": [1, 2]}
    found = " ".join(problems(tmp_path, text))
    assert "no probabilities to calibrate" in found and "multiclass-classification only" in found


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, child in inner for place in places(child, (*at, key)))]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.sampled_from(places(CRITERIA)[1:]), value=junk, key=st.text(max_size=6) | st.none())
@example(place=("version",), value=None, key="[key]")  # pydantic's own mark of a wrong key
def test_malformed_criteria_give_nothing_but_a_config_error(
    tmp_path: Path, place: tuple[Any, ...], value: Any, key: str | None
) -> None:
    """A value replaced by junk, or a junk key added beside it: read, or refused with a reason."""
    document = copy.deepcopy(CRITERIA)
    parent: Any = document
    for step in place[:-1]:
        parent = parent[step]
    if key is not None and isinstance(parent, dict):
        parent[key] = value
    else:
        parent[place[-1]] = value
    try:
        read(tmp_path, document)
    except ConfigError as refusal:
        assert refusal.problems and all(problem.what for problem in refusal.problems)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_bytes_of_any_kind_give_nothing_but_a_config_error(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "c.yml").write_bytes(raw)
    with pytest.raises(ConfigError):
        read_criteria(tmp_path, "c.yml")


def test_a_problem_of_a_whole_mapping_does_not_name_its_type(tmp_path: Path) -> None:
    baseline = {"kind": "champion", "path": "old.onnx"}
    (told,) = problems(tmp_path, {"version": 1, "task": "regression", "baseline": baseline})
    assert "baseline: a baseline is compared with" in told


@pytest.mark.parametrize(
    ("bins", "cause"),
    [
        (1, "slices.0.bins: 1: Input should be greater than or equal to 2"),
        ([0, float("inf")], "slices.0.bins.1: 'Infinity': Input should be a finite number"),
        ({"a": "x"}, "slices.0.bins.a: 'x': Input should be a valid integer"),
        ({"a": {"b": 2}}, "slices.0.bins.a: a number of bins, or edges"),
        ([3, 1], "slices.0: bins of 'a': edges that rise"),
    ],
)
def test_wrong_bins_are_one_problem_in_words(tmp_path: Path, bins: Any, cause: str) -> None:
    rule = {"by": "a", "bins": bins, "metric": "roc_auc", "min": 0.6}
    criteria = {"version": 1, "task": "binary-classification", "slices": [rule]}
    (told,) = problems(tmp_path, criteria)
    assert cause in told

"""A criteria file -> Criteria, with every problem at once; a rule that could not fail is a problem."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pydantic import ValidationError

from runner.config.problems import did_you_mean, problems
from runner.config.yaml_lines import Loc, read_yaml
from runner.errors import ConfigError, Problem
from runner.judge.choice import MetricChoice, MetricRule
from runner.judge.criteria import Compare, Criteria, Dummy
from runner.judge.metrics import METRICS, metrics_for
from runner.judge.part import Fault
from runner.judge.parts import PARTS
from runner.judge.predictions import BINARY, MULTICLASS, RANKING, REGRESSION, Task


def read_criteria(root: Path, path: str) -> tuple[Criteria, str]:
    """The criteria of a solution's file and the sha256 of its bytes.

    Raises ConfigError with every problem, each with its line."""
    document = read_yaml(root / path, path)
    if not isinstance(document.data, dict):
        raise ConfigError([Problem(path, 1, "no criteria", "a mapping with version, task and rules")])
    try:
        criteria = Criteria.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems(document, error, Criteria)) from None
    found = [Problem(path, document.line(f.loc), str(f), f.allowed) for f in faults(criteria)]
    if found:
        raise ConfigError(found)
    return criteria, hashlib.sha256((root / path).read_bytes()).hexdigest()


def faults(criteria: Criteria) -> Iterator[Fault]:
    """Everything that is wrong with well-formed criteria."""
    if not any(rules for name, rules in criteria if name not in ("version", "task", "classes")):
        yield Fault((), "no criteria: a file that cannot fail shows nothing")
    named = (choice for part in PARTS.values() for choice in part.choices(criteria))
    for loc, choice in chain(_choices(criteria), named):
        yield from (Fault(loc, *fault) for fault in _choice_faults(choice, criteria.task))
    yield from _doubles(criteria)
    yield from _task_faults(criteria)
    for part in PARTS.values():
        yield from part.faults(criteria)


def _task_faults(criteria: Criteria) -> Iterator[Fault]:
    """Rules that another task has."""
    regression, classes = criteria.task == REGRESSION, criteria.classes
    if classes and (criteria.task != MULTICLASS or len(set(classes)) < len(classes)):
        yield Fault(("classes",), "distinct labels, for multiclass-classification only")
    strategy = criteria.baseline.strategy if isinstance(criteria.baseline, Dummy) else ""
    if strategy and criteria.task == RANKING:
        yield Fault(("baseline", "kind"), "a constant ranks nothing: a ranking has no dummy")
    elif strategy and (strategy in ("mean", "median")) != regression:
        allowed = "mean or median" if regression else "prior, most_frequent or stratified"
        yield Fault(("baseline", "strategy"), f"{strategy!r} fits another task", allowed)


def _choices(criteria: Criteria) -> Iterator[tuple[Loc, MetricChoice]]:
    yield from ((("metrics", i), rule) for i, rule in enumerate(criteria.metrics))
    yield from ((("slices", i), rule) for i, rule in enumerate(criteria.slices))
    if criteria.baseline:
        yield from (
            (("baseline", "must_beat", i), beat) for i, beat in enumerate(criteria.baseline.must_beat)
        )
    if criteria.baseline:
        yield from ((("baseline", "compare", i), rule) for i, rule in enumerate(criteria.baseline.compare))


def _choice_faults(choice: MetricChoice, task: Task) -> Iterator[tuple[str, str]]:
    known = metrics_for(task)
    if choice.metric not in known:
        known_elsewhere = choice.metric in METRICS
        what = (
            f"{choice.metric!r} is not for {task}" if known_elsewhere else f"unknown metric {choice.metric!r}"
        )
        yield what, did_you_mean(choice.metric, known)
        return
    if choice.threshold is not None and ("threshold" not in METRICS[choice.metric].takes or task != BINARY):
        yield f"{choice.metric} takes no threshold in {task}", ""
    if choice.average is not None and not _averages(choice, task):
        yield f"{choice.metric} takes no average {choice.average!r} in {task}", ""
    yield from _option_faults(choice, task)
    if isinstance(choice, MetricRule) and getattr(choice, "margin", None) is None:
        yield from _bound_faults(choice, task)
    if isinstance(choice, Compare):
        yield from _pair_faults(choice, task)


def _option_faults(choice: MetricChoice, task: Task) -> Iterator[tuple[str, str]]:
    """Options that mean nothing to the metric."""
    for name in ("multi_class", "quantile", "k", "bins"):
        if getattr(choice.options, name) is not None and name not in METRICS[choice.metric].takes:
            yield f"{choice.metric} takes no {name}", ""
    if choice.multi_class and (
        task != MULTICLASS or (choice.multi_class, choice.average) == ("ovo", "micro")
    ):
        yield f"{choice.metric} takes no multi_class {choice.multi_class!r} in {task}, or not micro", ""


def _pair_faults(rule: Compare, task: Task) -> Iterator[tuple[str, str]]:
    """A comparison that cannot be made, or that no difference could fail."""
    metric = METRICS[rule.metric]
    if rule.margin >= metric.highest(task) - metric.low:
        yield f"margin {rule.margin:g} can never fail", f"{metric.low:g} to {metric.highest(task):g}"


def _averages(choice: MetricChoice, task: Task) -> bool:
    takes = METRICS[choice.metric].takes
    if task == BINARY:  # of one probability a row, only predicted labels can be averaged over classes
        return "average" in takes and "threshold" in takes
    return "average" in takes and choice.average != "binary"


def _bound_faults(rule: MetricRule, task: Task) -> Iterator[tuple[str, str]]:
    """A bound on the wrong side only, or one that every value, or no value, meets."""
    metric = METRICS[rule.metric]
    side, bound = ("min", rule.min) if metric.higher_is_better else ("max", rule.max)
    if bound is None:
        yield f"{rule.metric} needs a {side}", f"{'higher' if side == 'min' else 'lower'} is better"
        return
    low, high = metric.low, metric.highest(task)
    best, worst = (high, low) if metric.higher_is_better else (low, high)
    span = f"{rule.metric} is between {low:g} and {high:g}"
    if (bound - worst) * metric.sign <= 0:
        yield f"{side} {bound:g} can never fail", span
    if (bound - best) * metric.sign > 0:
        yield f"{side} {bound:g} can never pass", span
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        yield f"min {rule.min:g} is above max {rule.max:g}", ""


def _doubles(criteria: Criteria) -> Iterator[Fault]:
    """Rules whose checks would have one id."""
    seen: Counter[tuple[object, ...]] = Counter()
    for loc, choice in _choices(criteria):
        key = (loc[:-1], getattr(choice, "id", ""), choice.label)
        seen[key] += 1
        if seen[key] > 1:
            yield Fault(loc, f"a second rule for {choice.label}")

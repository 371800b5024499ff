"""One kind of rule of the acceptance criteria, as data: a file in `runner.judge.parts` and a line in its
table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.config.yaml_lines import Loc
from runner.judge.choice import MetricChoice
from runner.judge.criteria import Criteria
from runner.judge.trial import Bench, Trial
from runner.model import Check, Plot, Table

Limits = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of the criteria file that the schema alone cannot see."""

    loc: Loc
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        place = ".".join(map(str, self.loc))
        return f"{place}: {self.what}" if place else self.what


def no_faults(criteria: Criteria) -> Iterable[Fault]:
    return ()


def no_choices(criteria: Criteria) -> Iterable[tuple[Loc, MetricChoice]]:
    return ()


def no_plots(trial: Trial) -> Iterable[Plot]:
    return ()


def no_tables(trial: Trial) -> Iterable[Table]:
    return ()


def no_facts(trial: Trial) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of rule.

    ids: of the checks that are due, from criteria and table alone, before the model speaks; where there is no
    table (`bench.table` is None) the rules' own. checks: one for each id, in that order. limits: check id ->
    what bounds it, for the manifest. faults: rules that could not fail, or not be judged. plots, tables,
    facts: what people and the manifest are shown beside the checks. choices: metrics that rules of this kind
    name, each with its place in the file."""

    ids: Callable[[Bench], Iterable[str]]
    checks: Callable[[Trial], Iterable[Check]]
    limits: Callable[[Criteria], Iterable[tuple[str, Limits]]]
    faults: Callable[[Criteria], Iterable[Fault]] = no_faults
    plots: Callable[[Trial], Iterable[Plot]] = no_plots
    facts: Callable[[Trial], Mapping[str, Any]] = no_facts
    tables: Callable[[Trial], Iterable[Table]] = no_tables
    choices: Callable[[Criteria], Iterable[tuple[Loc, MetricChoice]]] = no_choices

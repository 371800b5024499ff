"""The criteria's rules over a candidate on trial: the ids that are due, then the checks.

`due` depends on the criteria and the evaluation table alone, never on what the model said.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.judge.criteria import Criteria
from runner.judge.part import Limits
from runner.judge.parts import PARTS
from runner.judge.trial import Bench, Trial
from runner.model import Check


def due(bench: Bench) -> tuple[str, ...]:
    """The ids of every rule's checks, in order."""
    return tuple(id for part in PARTS.values() for id in part.ids(bench))


def checks(trial: Trial) -> Iterator[Check]:
    """Every rule's checks over a subject that gave predictions, in the order of `due`."""
    for part in PARTS.values():
        yield from part.checks(trial)


def limits_of(criteria: Criteria) -> dict[str, Limits]:
    """Check id -> what bounds it (min, max, by, margin, ...) and the options that give that its meaning.

    A manifest carries them, so that two of them tell which was loosened."""
    told = (limit for part in PARTS.values() for limit in part.limits(criteria))
    return {id: {name: value for name, value in each.items() if value is not None} for id, each in told}

"""Plans for orchestrators that are no process of ours: pure functions from a Plan to a document.

`step_functions` gives a state machine, `codebuild_batch` a batch buildspec. Both start
`lockgate task prepare`, `stage` and `conclude` (`runner.spread`).
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter

from runner.config.schema import Solution, UnitStage
from runner.model import Plan
from runner.remote.job import part_id


def levels(plan: Plan) -> list[list[str]]:
    """The stages in layers: each one's needs lie in layers before its own."""
    stages = {s.name: [n.partition(":")[2] for n in s.needs if n.startswith("stage:")] for s in plan.steps
              if s.kind == "stage"}  # fmt: skip
    order = TopologicalSorter(stages)
    order.prepare()
    found = []
    while order.is_active():
        found.append(sorted(order.get_ready(), key=list(stages).index))
        order.done(*found[-1])
    return found


def parts(solution: Solution, stage: str) -> Iterator[tuple[str, str]]:
    """A stage's parts as (part id, part): one, or one a shard."""
    config = solution.stages[stage]
    count = config.shards if isinstance(config, UnitStage) and config.shards > 1 else 0
    for part in [f"{n}-of-{count}" for n in range(1, count + 1)] or [""]:
        yield part_id(stage, part), part

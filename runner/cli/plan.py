"""`lockgate plan`: what would run, as a list of steps; touches nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.config.schema import Solution
    from runner.model import Plan
    from runner.stages.tables.explaining import Explained

Tables = dict[str, "Explained"]


@click.command("plan")
@options.solution
@options.stages
@click.option(
    "--explain",
    type=click.Choice(["data"]),
    help="data: which expectations of each table one scan answers, and why the rest is Great Expectations'.",
)
@options.as_json
def command(root: Path, stages: tuple[str, ...], explain: str | None, as_json: bool) -> int:
    """Show the steps of a run in their order, and what each waits for.

    The criteria and suites of its stages are read too: what is wrong in them is told before anything is
    trained."""
    from runner.config.load import load
    from runner.plan import make_plan
    from runner.stages.rulebooks import require_readable

    solution = load(root.resolve())
    plan = make_plan(solution, stages)
    require_readable(root.resolve(), solution, stages)
    if explain:
        found = _explained(root.resolve(), solution, stages)
        click.echo(_as_json(found) if as_json else "\n".join(_lines(found)))
        return 0
    _show(plan, as_json)
    return 0


def _show(plan: Plan, as_json: bool) -> None:
    if as_json:
        steps = [{"id": s.id, "needs": list(s.needs), "timeout": s.timeout} for s in plan.steps]
        click.echo(
            json.dumps({"solution": plan.solution, "complete": plan.complete, "steps": steps}, indent=2)
        )
        return
    click.echo(f"{plan.solution}: {len(plan.steps)} steps" + ("" if plan.complete else " (partial)"))
    width = max(len(s.id) for s in plan.steps)
    for step in plan.steps:
        click.echo(f"  {step.id:<{width}}" + (f"  after {', '.join(step.needs)}" if step.needs else ""))


def _explained(root: Path, solution: Solution, only: tuple[str, ...]) -> dict[str, Tables]:
    """The tables of every data stage, or of those that are named."""
    from runner.config.schema import DataStage
    from runner.errors import UsageError
    from runner.stages.tables.explaining import explained

    wanted = {n: s for n, s in solution.stages.items() if isinstance(s, DataStage) and n in (only or (n,))}
    if not wanted:
        raise UsageError("no stage here judges tables", hint="--explain data wants a stage with `kind: data`")
    return {name: explained(root, stage) for name, stage in wanted.items()}


def _as_json(found: dict[str, Tables]) -> str:
    stages = {stage: {name: t.data() for name, t in tables.items()} for stage, tables in found.items()}
    return json.dumps({"stages": stages}, indent=2)


def _lines(found: dict[str, Tables]) -> list[str]:
    lines = []
    for stage, tables in found.items():
        lines.append(f"{stage}: {len(tables)} table{'s' * (len(tables) != 1)}")
        for name, table in tables.items():
            lines += _table_lines(name, table)
    return lines


def _table_lines(name: str, table: Explained) -> list[str]:
    compiled, left = len(table.compiled), len(table.left)
    head = f"  {name} ({table.source}): {compiled} of {compiled + left} compiled"
    head += "" if table.scanned is None else f"; {table.scanned:,} bytes to be scanned"
    head += f", by their types alone: {table.note}" if table.note else ""
    kept = [f"    compiled  {id}" for id in table.compiled]
    return [head, *kept, *(f"    left      {id}: {why}" for id, why in table.left.items())]

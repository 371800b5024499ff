"""`lockgate plan`: what would run, as a list of steps; touches nothing."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options


@click.command("plan")
@options.solution
@options.stages
@options.as_json
def command(root: Path, stages: tuple[str, ...], as_json: bool) -> int:
    """Show the steps of a run in their order, and what each waits for."""
    from runner.config.load import load
    from runner.plan import make_plan

    plan = make_plan(load(root.resolve()), stages)
    if as_json:
        steps = [{"id": s.id, "needs": list(s.needs), "timeout": s.timeout} for s in plan.steps]
        click.echo(
            json.dumps({"solution": plan.solution, "complete": plan.complete, "steps": steps}, indent=2)
        )
        return 0
    click.echo(f"{plan.solution}: {len(plan.steps)} steps" + ("" if plan.complete else " (partial)"))
    width = max(len(s.id) for s in plan.steps)
    for step in plan.steps:
        click.echo(f"  {step.id:<{width}}" + (f"  after {', '.join(step.needs)}" if step.needs else ""))
    return 0

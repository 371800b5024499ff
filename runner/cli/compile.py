"""`lockgate compile`: a solution's plan for an orchestrator of AWS's own."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options


@click.command("compile")
@click.argument("target", type=click.Choice(["step-functions", "codebuild-batch"]))
@options.solution
@options.stages
@options.aws
def command(target: str, root: Path, stages: tuple[str, ...], real: bool) -> int:
    """Print a state machine or a batch buildspec that runs the plan.

    A state machine names the places of `hosts: {fargate: ...}`; those of a stack are looked up in the
    AWS in use (--aws, or LOCKGATE_SANDBOX_URL).
    """
    from runner.compiling import compiled

    click.echo(compiled(target, root.resolve(), stages, real), nl=False)
    return 0

"""`lockgate rollback`: the way back, of an environment or of one component."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options, values


@click.command("rollback")
@options.environment
@options.solution
@click.option(
    "--component", callback=values.not_empty, metavar="NAME", help="Only this one; all else stays as it is."
)
@click.option(
    "--to", callback=values.not_empty, metavar="RELEASE|VERSION", help="Where to; else to what ran before."
)
@click.option("--now", is_flag=True, help="Without running the integration suites first.")
@options.replace
@options.dry_run
@options.aws
@options.as_json
def command(
    environment: str, root: Path, component: str, to: str, now: bool, replace: tuple[str, ...],
    dry_run: bool, real: bool, as_json: bool,
) -> int:  # fmt: skip
    """Bring back what ran before: a new release with older content.

    Exit status: 0 it runs, 1 FAILED, 2 usage (there is no way back), 3 could not tell: the same command
    again goes on.
    """
    from runner import deploying, releasing
    from runner.cli.released import rehearsed, told

    asked = deploying.Asked(root, environment, replace=replace, real=real)
    way, world = releasing.Return(component, to, now), deploying.World()
    if dry_run:
        return rehearsed(releasing.rehearse_return(asked, world, way), as_json=as_json)
    return told(releasing.roll_back(asked, world, way), as_json=as_json)

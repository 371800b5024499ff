"""`lockgate status`: what runs where."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options, values


@click.command("status")
@click.option(
    "--env", "environment", callback=values.not_empty, metavar="NAME", help="Only this environment."
)
@options.solution
@options.aws
@options.as_json
def command(environment: str, root: Path, real: bool, as_json: bool) -> int:
    """Each environment: its release, each component's version, since when, by whom, what is under way.

    Exit status: 0 what runs is what the ledger says, 1 it differs, 2 usage, 3 could not tell.
    """
    from runner import deploying, releasing
    from runner.release.status import entry, lines

    found = releasing.statuses(root, environment, deploying.World(), real=real)
    code = 0 if all(status.agrees for status in found) else 1
    if as_json:
        click.echo(json.dumps({"exit_code": code, "environments": [entry(status) for status in found]}))
    else:
        click.echo("\n".join(line for status in found for line in lines(status)))
    return code

"""`lockgate install`: what has to be fetched before a solution can run, once and ahead of time."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options


@click.command("install")
@options.solution
def command(root: Path) -> int:
    """Build the solution's environment and its functions' dependencies from their locks.

    A run does this by itself where it is missing; here it is apart, for an image's layer, a
    cache, or a machine that will lose its network.
    """
    from runner.wiring import Options, install

    return install(Options(root.resolve()))

"""`lockgate completion SHELL`: click's completion script, to be sourced."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the completion script: `eval "$(lockgate completion bash)"`."""
    from runner.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  the choice above holds click's own names
    click.echo(kind(cli, {}, "lockgate", "_LOCKGATE_COMPLETE").source())
    return 0

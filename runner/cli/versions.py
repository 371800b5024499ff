"""`lockgate versions`: what the history knows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from runner.adapters.output import say
from runner.cli import options


@click.command("versions")
@click.argument("component", required=False)
@options.solution
@options.aws
@options.as_json
def command(component: str | None, root: Path, real: bool, as_json: bool) -> int:
    """Show the versions of each component, or of one: digest, commit, when, by whom, verdict.

    Newest first. Without COMPONENT also the releases. Where an AWS was asked for, or LOCKGATE_SANDBOX_URL
    names a sandbox, also the environments in which each version runs (as their ledgers say).
    """
    from runner.deploying import World
    from runner.numbering import NOWHERE, listed
    from runner.releasing import running_in
    from runner.sandbox.choose import URL, is_real

    root, real, sandbox = root.resolve(), is_real(real), os.environ.get(URL, "")
    running = running_in(root, World(), real=real) if real or sandbox else NOWHERE
    text = listed(root, component, real=real, sandbox=sandbox, as_json=as_json, running=running)
    say(sys.stdout, text)
    return 0

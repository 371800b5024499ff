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

    Newest first. Without COMPONENT also the releases.
    """
    from runner.numbering import listed
    from runner.sandbox.choose import URL, is_real

    sandbox = os.environ.get(URL, "")
    text = listed(root.resolve(), component, real=is_real(real), sandbox=sandbox, as_json=as_json)
    say(sys.stdout, text)
    return 0

"""`lockgate build`: components -> artifacts with digests and versions."""

from __future__ import annotations

import os
from pathlib import Path

import click

from runner.cli import options


@click.command("build")
@options.solution
@click.option(
    "--component", "components", multiple=True, metavar="NAME", help="Only this component (repeatable)."
)
@options.aws
@options.as_json
def command(root: Path, components: tuple[str, ...], real: bool, as_json: bool) -> int:
    """Build every component whose inputs changed, and give each content its version.

    A version (2026.11.22-1) moves only when a component's content does. See docs/versions.md.
    """
    from runner.building import build
    from runner.sandbox.choose import URL, is_real

    sandbox = os.environ.get(URL, "")
    return build(root.resolve(), components, real=is_real(real), sandbox=sandbox, as_json=as_json)

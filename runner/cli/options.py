"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

solution = click.option(
    "--solution",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="the current folder",
    help="The solution's folder, where lockgate.yml lies.",
)
stages = click.option(
    "--stage", "stages", multiple=True, metavar="NAME", help="Only this stage (repeatable)."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the machine form on stdout.")
aws = click.option(
    "--aws", "real", is_flag=True, help="Use the real AWS (also LOCKGATE_AWS=1), not the sandbox."
)
environment = click.option("--env", "environment", required=True, metavar="NAME", help="Which environment.")
replace = click.option(
    "--replace", multiple=True, metavar="RESOURCE",
    help="This resource holds data and may be replaced or deleted all the same (repeatable).",
)  # fmt: skip
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")

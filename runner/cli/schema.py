"""`lockgate schema`: the JSON Schema of lockgate.yml, for editors."""

from __future__ import annotations

import click


@click.command("schema")
@click.option("--markdown", is_flag=True, help="Print the reference for people instead.")
def command(markdown: bool) -> int:
    """Print the JSON Schema of lockgate.yml."""
    from runner.config.json_schema import schema_text
    from runner.config.reference import reference

    click.echo(reference() if markdown else schema_text(), nl=False)
    return 0

"""`lockgate schema`: the JSON Schema of lockgate.yml, for editors."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of lockgate.yml."""
    from runner.config.json_schema import schema_text

    click.echo(schema_text(), nl=False)
    return 0

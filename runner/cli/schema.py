"""`lockgate schema`: the JSON Schemas of lockgate.yml, for editors, and of manifests, for readers."""

from __future__ import annotations

import click


@click.command("schema")
@click.argument("of", type=click.Choice(("configuration", "manifest")), default="configuration")
@click.option("--markdown", is_flag=True, help="Print lockgate.yml's reference for people instead.")
def command(of: str, markdown: bool) -> int:
    """Print the JSON Schema of lockgate.yml, or of manifest.json."""
    if of == "manifest":
        from runner.manifest.schema import schema_text as manifest_schema

        text = manifest_schema()
    else:
        from runner.config.json_schema import schema_text
        from runner.config.reference import reference

        text = reference() if markdown else schema_text()
    click.echo(text, nl=False)
    return 0

"""`lockgate infra`: the CloudFormation templates that ship with Lockgate."""

from __future__ import annotations

import click

TEMPLATES = ("pipeline", "release", "roles", "task")


@click.command("infra")
@click.argument("template", type=click.Choice(TEMPLATES))
def command(template: str) -> int:
    """Print a CloudFormation template: the pipeline, the hands that sign, deploy and merge (release), the
    roles of stacks, the Fargate task.

    lockgate infra task > task.yml; docs/pipeline.md says how they are deployed.
    """
    from runner.resources import resource

    click.echo(resource("infra", f"{template}.yml").read_bytes(), nl=False)
    return 0

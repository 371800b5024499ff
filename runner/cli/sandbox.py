"""`lockgate sandbox up | down | status`: a local AWS that outlives a command."""

from __future__ import annotations

import json

import click

from runner.cli import options


@click.group("sandbox")
def command() -> None:
    """A local AWS (ministack). Never touches a real one."""


@command.command("up")
@options.as_json
def up(as_json: bool) -> int:
    """Start it, if it is not running, and print how to reach it."""
    from runner.sandbox.detached import up as start

    return _tell(start().url, as_json)


@command.command("status")
@options.as_json
def status(as_json: bool) -> int:
    """Say where it runs; exit status 1 if it does not."""
    from runner.sandbox.detached import status as find

    found = find()
    return _tell(found.url if found else None, as_json)


@command.command("down")
@options.as_json
def down(as_json: bool) -> int:
    """Stop it. What it held is gone."""
    from runner.sandbox.detached import down as stop

    stopped = stop()
    click.echo(
        json.dumps({"stopped": stopped}) if as_json else "stopped" if stopped else "it was not running"
    )
    return 0


def _tell(url: str | None, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"running": url is not None, "url": url}))
    elif url is None:
        click.echo("no sandbox is running; `lockgate sandbox up` starts one")
    else:
        click.echo(
            f"sandbox at {url}\nexport AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=test "
            "AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1"
        )
    return 0 if url else 1

"""`lockgate sandbox up | down | status | serve`: a local AWS, detached or in the foreground."""

from __future__ import annotations

import json
import socket
import time

import click

from runner.cli import options

ANY = "0.0.0.0"  # noqa: S104


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
@click.option("--url", metavar="URL", help="Ask the sandbox at this URL, not the one that `up` started.")
def status(as_json: bool, url: str | None) -> int:
    """Say where it runs; exit status 1 if it does not, 3 if it is of another version than the pinned."""
    from runner.sandbox.detached import status as find

    if url is not None:
        return _tell(_answering(url), as_json)
    found = find()
    return _tell(found.url if found else None, as_json)


def _answering(url: str) -> str | None:
    from runner.adapters.aws import sandbox_target
    from runner.sandbox.process import health, require_pinned

    endpoint = sandbox_target(url).endpoint
    told = health(endpoint)
    if told is None:
        return None
    require_pinned(told.get("version"), endpoint)
    return endpoint


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=4566, show_default=True)
@click.option("--name", help="What others reach it by; it is in every URL given out.  [default: the host]")
def serve(host: str, port: int, name: str | None) -> int:
    """Run it in the foreground until SIGTERM or Ctrl-C, its log on stdout."""
    from runner.adapters import shell
    from runner.adapters.aws import sandbox_target
    from runner.errors import InfrastructureError
    from runner.interrupts import interruptible
    from runner.sandbox.process import start_foreground

    name = name or (socket.gethostname() if host == ANY else host)
    sandbox_target(f"http://{name}:{port}")  # a name that no client could use, or a real AWS's
    with interruptible(), start_foreground(host, port, name) as sandbox:
        while sandbox.is_alive():
            if shell.INTERRUPTED.is_set():
                return 0
            time.sleep(0.2)
    raise InfrastructureError("the local AWS ended", where=sandbox.url, hint="its log above says why")


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

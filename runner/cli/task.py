"""`lockgate task`: what a host starts inside of a container. Not for people, and in no one's way."""

from __future__ import annotations

import click

STORE = click.option("--store", "url", required=True, help="The run's place: s3://bucket/prefix or a folder.")


@click.group("task")
def command() -> None:
    """One task of a run that is spread over containers (started by a host, or by a compiled plan)."""


@command.command("stage")
@STORE
@click.option("--job", "sha256", required=True, help="The job's digest.")
def stage(url: str, sha256: str) -> int:
    """Fetch one stage's job, run it, and leave its ending in the store."""
    from runner.tasks import run_task

    return run_task(url, sha256)

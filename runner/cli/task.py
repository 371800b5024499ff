"""`lockgate task`: what a host or a compiled plan starts inside of a container. Not for people."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options
from runner.errors import UsageError

STORE = click.option("--store", "url", required=True, help="The run's place: s3://bucket/runs/ID, a folder.")
BATCH = click.option("--batch", is_flag=True, help="In a batch of builds: --store is the place of all runs.")


@click.group("task")
def command() -> None:
    """One task of a run that is spread over containers."""


@command.command("stage")
@STORE
@click.option("--job", "sha256", help="The job's digest; without it, the one that `prepare` left.")
@click.option("--stage", "name", help="The stage of which `prepare` left a job.")
@click.option("--part", default="", help="Its shard, I-of-N.")
@BATCH
def stage(url: str, sha256: str | None, name: str | None, part: str, batch: bool) -> int:
    """Fetch one stage's job, run it, and leave its ending in the store."""
    from runner import tasks

    if sha256:
        return tasks.run_job(url, sha256)
    if not name:
        raise UsageError("which stage?", hint="name it with --stage, or its job with --job")
    return tasks.run_stage(url, name, part, batch)


@command.command("prepare")
@STORE
@click.option(
    "--solution",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    envvar="LOCKGATE_SOLUTION",
    help="The solution's folder (also LOCKGATE_SOLUTION).",
)
@click.option("--source", default="", help="The solution as a zip: s3://bucket/key.")
@options.stages
@BATCH
def prepare(url: str, root: Path, source: str, stages: tuple[str, ...], batch: bool) -> int:
    """Build everything and leave a job for each stage."""
    from runner import tasks

    return tasks.prepare(url, root.resolve(), source, stages, batch)


@command.command("conclude")
@STORE
@click.option("--words", default="[]", help="How the orchestrator says each part ended (JSON).")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@BATCH
@options.as_json
def conclude(url: str, words: str, out: Path, batch: bool, as_json: bool) -> int:
    """Judge what the stages left: verdict, manifest, reports."""
    from runner import tasks

    return tasks.conclude(url, words, out.resolve(), batch, as_json=as_json)

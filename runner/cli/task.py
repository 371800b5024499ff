"""`lockgate task`: what a host or a compiled plan starts inside of a container. Not for people."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options
from runner.errors import UsageError

STORE = click.option("--store", "url", required=True, help="The run's place: s3://bucket/runs/ID, a folder.")
BATCH = click.option("--batch", is_flag=True, help="In a batch of builds: --store is the place of all runs.")
KEPT = click.option(
    "--keep-key", "kept", is_flag=True, help="The key lies in the store, which no test reads."
)


@click.group("task")
def command() -> None:
    """One task of a run that is spread over containers."""


@command.command("stage")
@STORE
@click.option("--job", "sha256", help="The job's digest; without it, the one that `prepare` left.")
@click.option("--stage", "name", help="The stage of which `prepare` left a job.")
@click.option("--part", default="", help="Its shard, I-of-N.")
@BATCH
@KEPT
def stage(url: str, sha256: str | None, name: str | None, part: str, batch: bool, kept: bool) -> int:
    """Fetch one stage's job, run it, and leave its ending in the store."""
    from runner import tasks

    if sha256:
        return tasks.run_job(url, sha256)
    if not name:
        raise UsageError("which stage?", hint="name it with --stage, or its job with --job")
    return tasks.run_stage(tasks.Place(url, batch, kept), name, part)


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
@KEPT
def prepare(url: str, root: Path, source: str, stages: tuple[str, ...], batch: bool, kept: bool) -> int:
    """Build everything and leave a job for each stage."""
    from runner import tasks

    return tasks.prepare(tasks.Place(url, batch, kept), root.resolve(), source, stages)


@command.command("conclude")
@STORE
@click.option("--words", default="[]", help="How the orchestrator says each part ended (JSON).")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@BATCH
@KEPT
@options.as_json
def conclude(url: str, words: str, out: Path, batch: bool, kept: bool, as_json: bool) -> int:
    """Judge what the stages left: verdict, manifest, reports."""
    from runner import tasks

    return tasks.conclude(tasks.Place(url, batch, kept), words, out.resolve(), as_json=as_json)


@command.command("judge")
@STORE
@click.option("--keep-key", is_flag=True, required=True, help="The key lies in the store, as in `prepare`.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The run's folder.")
@options.as_json
def judge(url: str, keep_key: bool, out: Path, as_json: bool) -> int:
    """Run all that `prepare` left in this container, and judge it. Builds nothing."""
    from runner import tasks

    return tasks.judge(url, out.resolve(), as_json=as_json)

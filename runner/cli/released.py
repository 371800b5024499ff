"""How `deploy` and `rollback` tell what became of a release."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner.release.flow import Done
from runner.release.records import Ended, Outcome, Release


def told(done: Done, *, as_json: bool) -> int:
    """Print it; the exit status."""
    release, outcome = done.release, done.outcome
    failed = outcome is not None and outcome.ended is not Ended.SUCCEEDED
    if as_json:
        click.echo(json.dumps({
            "exit_code": int(failed), "changed": outcome is not None, "release": asdict(release),
            "outcome": asdict(outcome) if outcome else None, "offer": done.offer,
        }))  # fmt: skip
        return int(failed)
    name = f"release {release.number} {release.name or release.id}"
    where = f"{release.environment} (stack {release.content.stack_name})"
    if outcome is None:
        click.echo(f"nothing to do: {name} runs in {where}")
    elif failed:
        click.echo(f"FAILED: {name} in {where}: {outcome.cause}\n  {_left(release, outcome)}")
    else:
        click.echo(f"deployed: {name} runs in {where}")
    if done.offer:
        click.echo(f"to take its commits back out of main: {done.offer}")
    return int(failed)


def _left(release: Release, outcome: Outcome) -> str:
    """What a failed release left, and how to go on."""
    if outcome.restored:
        return "what ran before runs again"
    if not release.previous:
        return "nothing ran before it: mend the cause, then deploy again"
    way = f"lockgate rollback --env {release.environment} --to {release.previous}"
    return f"WHAT RAN BEFORE WAS NOT BROUGHT BACK: mend the cause, then {way}"


def rehearsed(lines: list[str], *, as_json: bool) -> int:
    """Print what would be done; 0."""
    click.echo(json.dumps({"exit_code": 0, "would": lines}) if as_json else "\n".join(lines))
    return 0

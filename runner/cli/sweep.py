"""`lockgate sweep`: remove what leaked test stacks left."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from runner.adapters.output import say
from runner.cli import options


@click.command("sweep")
@options.solution
@options.aws
@click.option(
    "--older-than", default="2h", show_default=True, metavar="AGE",
    help="Leave runs alone that are younger; longer than your longest stage.",
)  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Of every solution in this account, not of the one here.")
@click.option("--yes", is_flag=True, help="Remove it; without, the plan is only shown.")
@options.as_json
def command(root: Path, real: bool, older_than: str, every: bool, yes: bool, as_json: bool) -> int:
    """Find by their tags what test stacks left, show what would be removed, and remove it with --yes.

    Stacks first, then what outlived one. What carries no tag of a Lockgate test is never touched, nor is a
    run that may still be at work. Exit status: 0 done (or shown), 2 usage, 3 something is still there.
    """
    from runner import sweeping
    from runner.adapters.aws import Aws

    sweep = sweeping.asked(root.resolve(), every=every, older_than=older_than, real=real)
    aws = Aws(sweep.target)
    plan = sweeping.planned(sweep, aws)
    shown = sys.stderr if as_json else sys.stdout
    say(shown, "\n".join(sweeping.lines(sweep, plan)))
    found = bool(plan.stacks or plan.resources)
    if found and not yes:
        say(shown, "nothing was removed: --yes removes it")
    removed = sweeping.carried_out(sweep, aws, plan) if yes else []
    code = 3 if any(one.why for one in removed) else 0
    if as_json:
        told = {"exit_code": code, "plan": plan.data(), "removed": [asdict(one) for one in removed]}
        say(sys.stdout, json.dumps({**told, "dry_run": not yes}))
    return code

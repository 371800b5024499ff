"""`lockgate merge`: the tested commit of one branch into another, or a way back."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options, values

if TYPE_CHECKING:
    from runner.merging import Asked, Offered, Told

SHORT = 12


@click.command("merge")
@click.argument("tested", default="", metavar="[MANIFEST|RUN|URI|COMMIT]")
@click.option("--manifest", default="", metavar="MANIFEST", help="The manifest, where a COMMIT is given too.")
@click.option("--from", "source", default="dev", show_default=True, metavar="BRANCH", help="Has the commit.")
@click.option("--into", "target", default="main", show_default=True, metavar="BRANCH", help="Gets it.")
@click.option(
    "--repository", default="", metavar="URL|REMOTE",
    help="codecommit://NAME, codecommit::REGION://NAME, git's URL, or a remote of the checkout.  "
    "[default: LOCKGATE_REPOSITORY, lockgate.yml's, origin]",
)  # fmt: skip
@click.option(
    "--strategy", type=click.Choice(["fast-forward", "three-way", "squash"]), default="fast-forward",
    show_default=True, help="The others give a tree that was not tested, and are for CodeCommit alone.",
)  # fmt: skip
@click.option("--key", "keys", multiple=True, metavar="PUB.pem|awskms:ARN", help="A signer's public key.")
@click.option(
    "--policy", type=click.Path(path_type=Path, dir_okay=False), help="What the manifest has to fulfil."
)
@click.option(
    "--commit",
    callback=values.commit,
    metavar="SHA",
    help="The only commit that is merged (LOCKGATE_COMMIT).",
)
@click.option(
    "--revert", "taken_back", default="", metavar="RELEASE|COMMIT",
    help="Offer a commit on a branch of its own that takes a release back; needs no manifest.",
)  # fmt: skip
@click.option("--since", default="", metavar="RELEASE|COMMIT", help="With --revert: what was good before it.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@options.solution
@options.aws
@options.as_json
def command(
    tested: str, manifest: str, source: str, target: str, repository: str, strategy: str,
    keys: tuple[str, ...], policy: Path | None, commit: str, taken_back: str, since: str, dry_run: bool,
    root: Path, real: bool, as_json: bool,
) -> int:  # fmt: skip
    """Merge the commit that was tested into main, and no other (docs/merge.md).

    The commit is the manifest's, which is verified first. In CodeCommit it goes by a pull request, so that
    approval rules hold; elsewhere by a fast-forward push with a lease.

    Exit status: 0 merged, or nothing to do; 1 refused, and nothing merged; 2 usage; 3 could not tell.
    """
    from runner.merge.records import Strategy
    from runner.merging import Asked

    asked = Asked(
        root.resolve(), tested, manifest, source, target, repository, Strategy(strategy), keys, policy,
        commit, real, dry_run,
    )  # fmt: skip
    return _reverted(asked, taken_back, since, as_json) if taken_back else _merged(asked, as_json)


def _merged(asked: Asked, as_json: bool) -> int:
    from runner.merging import merge
    from runner.watch import watch_action

    tested = asked.tested or asked.manifest
    watch = watch_action("merge", asked.root, tested, asked.commit, real=asked.real)
    with nullcontext() if asked.dry_run else watch.watching():
        told = merge(asked)
    _say(_merge_words(told), _merge_data(told), as_json)
    return 0


def _merge_words(told: Told) -> list[str]:
    wanted = told.wanted
    what = f"{wanted.commit[:SHORT]} of {wanted.source} into {wanted.target} of {told.place}"
    if told.merged:
        line = f"merged: {what} ({told.merged.how})"
    elif told.needed:
        line = (
            f"would merge: {what} ({wanted.strategy}); {wanted.target} is at {told.seen.target_tip[:SHORT]}"
        )
    else:
        line = f"nothing to do: {wanted.target} of {told.place} has {wanted.commit[:SHORT]}"
    return [line, *(f"note: {note}" for note in told.notes)]


def _merge_data(told: Told) -> dict[str, Any]:
    outcome = "merged" if told.merged else "would-merge" if told.needed else "nothing-to-do"
    before = told.seen.target_tip
    return {
        "outcome": outcome, "commit": told.wanted.commit, "from": told.wanted.source,
        "into": told.wanted.target, "repository": told.place, "strategy": told.wanted.strategy,
        "before": before, "after": told.merged.after if told.merged else before,
        "how": told.merged.how if told.merged else "", "notes": list(told.notes),
    }  # fmt: skip


def _reverted(asked: Asked, name: str, since: str, as_json: bool) -> int:
    from runner.merging import revert

    offered = revert(asked, name, since)
    _say(_revert_words(offered), _revert_data(offered), as_json)
    return 0


def _revert_words(offered: Offered) -> list[str]:
    undoing, done = offered.undoing, offered.reverted
    files = f"{len(offered.paths)} file{'s' * (len(offered.paths) != 1)}"
    if done:
        by = f"pull request {done.pull_request}" if done.pull_request else "open a request for it there"
        return [
            f"offered: {done.commit[:SHORT]} on {done.branch} takes {undoing.name} back in {files} ({by})"
        ]
    if offered.paths:
        return [f"would offer on {undoing.branch}: {undoing.name} taken back in {files}", *offered.paths]
    return [f"nothing to do: {undoing.target} of {offered.place} has {undoing.name} taken back already"]


def _revert_data(offered: Offered) -> dict[str, Any]:
    done = offered.reverted
    outcome = "offered" if done else "would-offer" if offered.paths else "nothing-to-do"
    undoing = offered.undoing
    return {
        "outcome": outcome, "release": undoing.name, "commit": undoing.commit, "since": undoing.since,
        "into": undoing.target, "repository": offered.place, "branch": undoing.branch,
        "revert": done.commit if done else "", "pull_request": done.pull_request if done else "",
        "paths": list(offered.paths),
    }  # fmt: skip


def _say(lines: list[str], data: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"exit_code": 0, **data}))
        return
    for line in lines:
        click.echo(line)

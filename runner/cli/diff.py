"""`lockgate diff`: what changed between two manifests, in plain words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.manifest.read import ReadManifest


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@options.solution
@click.option("--exit-code", "tells", is_flag=True, help="Exit status 1 if they differ.")
@options.as_json
def command(a: str, b: str, root: Path, tells: bool, as_json: bool) -> int:
    """Say what changed between two manifests: components, suites, thresholds, data, metrics.

    A and B are files, folders of runs, or ids of runs of the solution. What differs between any two
    runs (ids, times, durations, latencies) is left out. Signatures are not looked at: that is verify.

    Exit status: 0, with --exit-code 1 if they differ, 2 usage, 3 a manifest cannot be read.
    """
    from runner.manifest.diff import differences
    from runner.manifest.words import data, lines

    old, new = (_read(reference, root.resolve()) for reference in (a, b))
    changes = differences(old.fields, new.fields)
    if as_json:
        click.echo(json.dumps(data(old, new, changes)))
    else:
        click.echo("\n".join(lines(old, new, changes)))
    return int(tells and bool(changes))


def _read(reference: str, root: Path) -> ReadManifest:
    """A manifest; one that is none is no difference (1), so it is exit status 3."""
    from runner.errors import InfrastructureError, RefusedError
    from runner.manifest.find import find_manifest
    from runner.manifest.read import read_manifest

    path = find_manifest(reference, root)
    try:
        return read_manifest(path)
    except RefusedError as error:
        raise InfrastructureError(error.what, where=str(path), hint="it cannot be compared") from None

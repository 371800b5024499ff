"""`lockgate verify`: a signed manifest, offline."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options, values

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("verify")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, type=FILE, metavar="PUB.pem", help="A signer's public key.")
@click.option("--policy", type=FILE, help="What it has to fulfil (docs/evidence.md).")
@click.option(
    "--artifacts", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="The components' files, by whatever names.",
)  # fmt: skip
@click.option("--commit", callback=values.commit, metavar="SHA", help="The only commit that is accepted.")
@options.as_json
def command(
    manifest: Path, keys: tuple[Path, ...], policy: Path | None, artifacts: Path | None, commit: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Check the signatures over a MANIFEST (manifest.json, manifest.intoto.jsonl beside it) and what it says.

    Exit status: 0 all holds, 1 refused, 2 usage or configuration, 3 could not tell.
    """
    from runner import attest
    from runner.evidence.finding import exit_code
    from runner.text import one_line

    findings = attest.check(attest.Asked(manifest, keys, policy, artifacts, commit))
    code = exit_code(findings)
    if as_json:
        lines = [{"what": f.what, "outcome": f.outcome, "detail": f.detail} for f in findings]
        click.echo(json.dumps({"exit_code": code, "findings": lines}))
        return code
    for found in findings:
        click.echo(f"{found.outcome:<8} {one_line(found.what, 80)}: {one_line(found.detail)}")
    click.echo({0: "verified", 1: "REFUSED"}.get(code, "could not tell"))
    return code

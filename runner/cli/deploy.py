"""`lockgate deploy`: a passing manifest into an environment."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options, values

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("deploy")
@click.argument("manifest", callback=values.not_empty, metavar="MANIFEST|RUN|URI")
@options.environment
@options.solution
@click.option("--key", "keys", multiple=True, type=FILE, metavar="PUB.pem", help="A signer's public key.")
@click.option("--policy", type=FILE, help="Who may sign what; else the environment's.")
@click.option(
    "--artifacts", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="The folder that has components/SHA256; else the manifest's.",
)  # fmt: skip
@click.option("--commit", callback=values.commit, metavar="SHA", help="The only commit that is accepted.")
@options.replace
@options.dry_run
@options.aws
@options.as_json
def command(
    manifest: str, environment: str, root: Path, keys: tuple[Path, ...], policy: Path | None,
    artifacts: Path | None, commit: str, replace: tuple[str, ...], dry_run: bool, real: bool, as_json: bool,
) -> int:  # fmt: skip
    """Verify a MANIFEST and make exactly what it names run in an environment.

    Exit status: 0 it runs (or ran already), 1 refused or FAILED, 2 usage or configuration, 3 could not
    tell: the same command again goes on.
    """
    from runner import deploying, releasing
    from runner.cli.released import rehearsed, told

    asked = deploying.Asked(
        root, environment, manifest, keys, policy, artifacts, replace, real, commit
    )  # fmt: skip
    world = deploying.World()
    if dry_run:
        return rehearsed(releasing.rehearse(asked, world), as_json=as_json)
    return told(releasing.deploy(asked, world), as_json=as_json)

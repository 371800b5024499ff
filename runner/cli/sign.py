"""`lockgate sign`: a finished run, by a hand that ran nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options, values


@click.command("sign")
@click.argument("folder", required=False, metavar="[RUN_FOLDER]", type=click.Path(path_type=Path))
@click.option(
    "--run", "run_id", default="", metavar="ID|URI",
    help="Instead of its folder: a run of the solution, or one that is kept (s3://.../manifest.json).",
)  # fmt: skip
@options.solution
@click.option(
    "--key", callback=values.not_empty, metavar="FILE|awskms:ARN",
    help="A P-256 private key in PEM, or one in KMS; else this user's development key.",
)  # fmt: skip
@click.option("--failed", is_flag=True, help="Sign a FAILED run too: as evidence, never for a release.")
@click.option("--public-key", is_flag=True, help="Print the key's public half (PEM) and sign nothing.")
@options.aws
@options.as_json
def command(
    folder: Path | None, run_id: str, root: Path, key: str, failed: bool, public_key: bool, real: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Sign a run's manifest and its statements, after checking and judging all of it anew.

    Exit status: 0 signed (or signed already), 1 something does not hold, 2 usage, 3 could not tell.
    """
    from runner import attest, keeping
    from runner.adapters.signing import DEVELOPMENT

    if public_key:
        click.echo(attest.signing_key(key, real=real).public.pem, nl=False)
        return 0
    if run_id and folder is None and keeping.is_kept(run_id):
        signed, signer, place = keeping.sign(run_id, key, real=real, failed=failed)
    else:
        run = attest.run_folder(folder, run_id, root)
        signed, signer = attest.sign(run, key, real=real, failed=failed)
        place = str(signed.path)
    fields, sha256 = signed.manifest.fields, signed.manifest.sha256
    told = {"exit_code": 0, "signed": place, "new": signed.is_new, "manifest_sha256": sha256,
            "run_id": fields.run_id, "keyid": signer.keyid, "kind": signer.kind}  # fmt: skip
    how = "signed" if signed.is_new else "is signed already"
    line = f"{how}: run {fields.run_id}, {fields.verdict.status}, {len(fields.statements)} statements\n"
    click.echo(json.dumps(told) if as_json else f"{line}  by {signer.kind} key sha256:{signer.keyid}\n"
               f"  {place}")  # fmt: skip
    if signer.kind == DEVELOPMENT and not as_json:
        click.echo(f"  check it: lockgate verify ... --key {attest.public_half()}")
    return 0

"""`lockgate notify`: tell a run that did not pass, by hand or in a pipeline's step for failures."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.config.schema import Notify
    from runner.incident import Incident


@click.command("notify")
@click.argument("run", metavar="RUN|MANIFEST")
@options.solution
@options.aws
@click.option("--dry-run", is_flag=True, help="Print the message, and who would get it; collect nothing.")
@options.as_json
def command(run: str, root: Path, real: bool, dry_run: bool, as_json: bool) -> int:
    """Tell who is named (`notify` in lockgate.yml) that a run did not pass, and why.

    RUN|MANIFEST: a manifest.json, a run's folder, its id, or a kept run's s3:// URI. A run that passed is
    told to nobody. Exit status: 0 told, or nothing to tell; 2 usage; 3 somebody could not be told.
    """
    from runner.failed_run import failed_run
    from runner.model import Status
    from runner.watch import configured, require_configured

    notify = configured(root.resolve())
    require_configured(notify)
    with failed_run(run, root.resolve(), real=real) as failed:
        if failed.manifest.fields.verdict.status is Status.PASSED:
            return _done({"passed": True}, ["nothing to tell: the run passed"], as_json)
        if dry_run:
            return _shown(failed.incident(), notify, real, as_json)
        told = failed.tell(notify)
    facts = {"sent": told.sent, "unsent": told.unsent, "evidence": told.bundle, "lacks": told.lacks}
    return _done(facts, told.lines(), as_json, 3 if told.unsent else 0)


def _shown(incident: Incident, notify: Notify, real: bool, as_json: bool) -> int:
    from runner.incident.message import body, subject
    from runner.notifying import channels, target_in_use

    names = [c.name for c in channels(notify, target_in_use(real), os.environ)]
    facts = {"to": names, "subject": subject(incident), "body": body(incident)}
    return _done(
        facts, [f"to: {', '.join(names)}", f"subject: {facts['subject']}", "", str(facts["body"])], as_json
    )


def _done(facts: Mapping[str, object], lines: list[str], as_json: bool, code: int = 0) -> int:
    click.echo(json.dumps({"exit_code": code, **facts}) if as_json else "\n".join(lines))
    return code

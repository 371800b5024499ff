"""`lockgate worker`: serve the jobs of a CodePipeline custom action."""

from __future__ import annotations

from pathlib import Path

import click

from runner.adapters.privileges import hide
from runner.cli import options

CATEGORIES = ("Build", "Test", "Deploy", "Invoke")
NAME = r"[0-9A-Za-z_-]"


@click.command("worker")
@click.option("--provider", required=True, metavar="NAME", help="The custom action's provider.")
@click.option("--version", default="1", show_default=True, metavar="TEXT", help="The action type's version.")
@click.option("--category", type=click.Choice(CATEGORIES), default="Test", show_default=True)
@click.option("--query", metavar="KEY=VALUE", help="Only jobs whose queryable property has this value.")
@click.option("--once", is_flag=True, help="Serve one job, or none if none waits, and end.")
@click.option(
    "--poll-seconds", type=click.FloatRange(0.1, 3600), default=10, show_default=True, help="Between polls."
)
@click.option(
    "--hours", type=click.FloatRange(0.001, 24), default=23, show_default=True, help="A run's deadline."
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, exists=True, file_okay=False, writable=True),
    help="Where sources are unpacked.  [default: the temporary folder]",
)
@options.aws
def command(
    provider: str,
    version: str,
    category: str,
    query: str | None,
    once: bool,
    poll_seconds: float,
    hours: float,
    scratch: Path | None,
    real: bool,
) -> int:
    """Serve the jobs of a CodePipeline custom action.

    For each job: fetches the input artifact, judges the solution in it as `lockgate run` does, puts
    manifest and reports as the output artifact, and answers. SIGTERM ends it: a job at work is
    answered as failed first.

    Exit status: 0 stopped between jobs, 130 stopped within one, 3 a result could not be delivered.
    """
    hide()  # its credentials answer jobs, and the tests it starts may be of the same user
    from runner.worker.serve import WorkerOptions, serve

    asked = _query(query)
    return serve(
        WorkerOptions(
            _name(provider, "--provider", 35), _name(version, "--version", 9), category,
            asked, once, poll_seconds, hours, real, scratch,
        )
    )  # fmt: skip


def _name(text: str, option: str, limit: int) -> str:
    import re

    if not re.fullmatch(f"{NAME}{{1,{limit}}}", text):
        raise click.BadParameter(
            f"1 to {limit} letters, digits, '-' and '_', not {text[:60]!r}", param_hint=option
        )
    return text


def _query(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    key, _, value = text.partition("=")
    if not 0 < len(key) <= 50:
        raise click.BadParameter("give KEY=VALUE", param_hint="--query")
    return {key: _name(value, "--query", 50)}

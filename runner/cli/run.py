"""`lockgate run`: the main job; with --out, one stage as a host runs it."""

from __future__ import annotations

from pathlib import Path

import click

from runner.adapters.privileges import hide
from runner.cli import options
from runner.errors import UsageError
from runner.model import DataChoices


@click.command("run")
@options.solution
@options.stages
@options.as_json
@options.aws
@click.option(
    "--fail-fast/--keep-going", default=False, help="Stop at the first failure, or run what still can."
)
@click.option(
    "--on",
    "host",
    type=click.Choice(["local", "docker", "fargate"]),
    default="local",
    show_default=True,
    help="Where the stages run; components are built here in any case.",
)
@click.option(
    "--notify/--no-notify", default=None,
    help="Tell a failure to who is named in lockgate.yml.  [default: in CI, a whole run's]",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(["auto", "spark"]), default=None,
    help="Ask data stages' suites on Spark, or by what is fastest.  [default: as in lockgate.yml]",
)  # fmt: skip
@click.option("--data-docs", is_flag=True, help="Also write Great Expectations' Data Docs of data stages.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Run one stage here and leave its result in this folder."
)
@click.option(
    "--handover",
    type=click.Path(path_type=Path, exists=True),
    hidden=True,
    help="What the host hands over: run id and artifacts by digest.",
)
def command(
    root: Path,
    stages: tuple[str, ...],
    as_json: bool,
    real: bool,
    fail_fast: bool,
    host: str,
    notify: bool | None,
    engine: str | None,
    data_docs: bool,
    out: Path | None,
    handover: Path | None,
) -> int:
    """Run the stages of a solution and give the verdict.

    Leaves manifest, report and logs in .lockgate/runs/ID/. A selection of stages (--stage) gives
    a verdict on those alone; its manifest says that it is partial.
    """
    hide()  # before anything that runs somebody's code: what this process was started with is its own
    if out is not None and host != "local":
        raise UsageError("--out runs a stage here", hint="leave out --on")
    if out is not None and len(stages) != 1:
        raise UsageError("--out runs one stage", hint="name it with --stage")
    if out is not None and handover is not None:
        from runner.handed import run_handed

        return run_handed(root.resolve(), stages[0], out.resolve(), handover)
    from runner.wiring import Options, run_one_stage, run_solution

    data = DataChoices(engine or "", data_docs)
    chosen = Options(root.resolve(), stages, real, fail_fast, as_json, host, notify, data)
    return run_solution(chosen) if out is None else run_one_stage(chosen, out.resolve())

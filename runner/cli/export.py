"""`lockgate export`: a manifest as what other tools of AWS read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from runner.cli import options

FILE = click.Path(path_type=Path, dir_okay=False)
Decorator = Callable[[Any], Any]

run = click.option(
    "--run", "reference", required=True, metavar="ID|MANIFEST", help="A run's id or folder, or its manifest."
)
out = click.option("--out", type=FILE, metavar="FILE", help="Write it here.  [default: stdout]")
bucket = click.option("--bucket", default="", help="Holds the artifacts.  [default: the environment's]")
environment = click.option("--environment", default="", metavar="NAME", help="One of lockgate.yml's.")


def component(help: str) -> Decorator:
    """--component, where there may be more than one."""
    return click.option(
        "--component", default="", metavar="NAME", help=f"{help}, where there is more than one."
    )


@click.group("export")
def command() -> None:
    """A manifest as what other tools of AWS read: CodePipeline's stock actions, SageMaker's registry.

    Only what PASSED is exported; a model that FAILED can be registered as rejected. What a manifest
    says is taken at its word: check it with `lockgate verify` first.

    Exit status: 0 done, 1 refused, 2 usage, 3 AWS could not be used.
    """


@command.command("imagedefinitions")
@run
@options.solution
@click.option(
    "--container", "containers", multiple=True, metavar="NAME=COMPONENT",
    help="A container of the task definition (repeatable).  [default: every image, by its name]",
)  # fmt: skip
@out
def definitions(reference: str, root: Path, containers: tuple[str, ...], out: Path | None) -> int:
    """imagedefinitions.json, for the ECS deploy action."""
    from runner.exporting import Asked, image_definitions, put

    put(image_definitions(Asked(reference, root.resolve()), _pairs(containers, "--container")), out)
    return 0


@command.command("imagedetail")
@run
@options.solution
@component("The image")
@out
def detail(reference: str, root: Path, component: str, out: Path | None) -> int:
    """imageDetail.json, for the ECS blue/green deploy action."""
    from runner.exporting import Asked, image_detail, put

    put(image_detail(Asked(reference, root.resolve(), component=component)), out)
    return 0


@command.command("template-configuration")
@run
@options.solution
@component("The stack")
@environment
@bucket
@click.option("--parameter", "parameters", multiple=True, metavar="KEY=VALUE", help="Instead of the run's.")
@click.option("--stack-policy", "policy", type=FILE, help="A stack policy (JSON) to put in.")
@out
def template(
    reference: str, root: Path, component: str, environment: str, bucket: str, parameters: tuple[str, ...],
    policy: Path | None, out: Path | None,
) -> int:  # fmt: skip
    """A template configuration file, for the CloudFormation deploy action."""
    from runner.exporting import Asked, put, template_configuration

    asked = Asked(reference, root.resolve(), environment, bucket, component)
    put(template_configuration(asked, _pairs(parameters, "--parameter"), policy), out)
    return 0


@command.command("sagemaker-model-package")
@run
@options.solution
@component("The model")
@environment
@bucket
@click.option("--group", default="", metavar="NAME", help="Model package group.  [default: SOLUTION-MODEL]")
@click.option("--image", default="", metavar="URI", help="What serves it.  [default: the run's model-image]")
@click.option("--content-type", "accepts", multiple=True, default=["application/json"], show_default=True)
@click.option("--response-type", "answers", multiple=True, default=["application/json"], show_default=True)
@click.option("--model-file", type=FILE, help="The model, where the run's folder does not hold it.")
@click.option("--dry-run", is_flag=True, help="Print what would be registered; no AWS is used.")
@options.aws
@options.as_json
def model_package(
    reference: str, root: Path, component: str, environment: str, bucket: str, group: str, image: str,
    accepts: tuple[str, ...], answers: tuple[str, ...], model_file: Path | None, dry_run: bool, real: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Register the model in SageMaker's registry, with metrics, limits, digests.

    PASSED waits for an approval there (PendingManualApproval), FAILED is Rejected. A package of the same
    model and manifest is found and left as it is.
    """
    from runner.export.model_package import Serving
    from runner.exporting import Asked, bucket_of, planned, registered

    asked = Asked(reference, root.resolve(), environment, bucket, component)
    wanted, folder = planned(asked, Serving(bucket_of(asked), component, group, image, accepts, answers))
    if dry_run:
        objects = [f"s3://{wanted.bucket}/{stored.key}" for stored in wanted.objects]
        click.echo(json.dumps({"objects": objects, "create_model_package": dict(wanted.request)}, indent=1))
        return 0
    package = registered(wanted, folder, asked, model_file, real=real)
    told = {"arn": package.arn, "approval": package.approval, "new": package.is_new}
    how = "registered" if package.is_new else "is registered already"
    click.echo(json.dumps(told) if as_json else f"{how}: {package.arn} ({package.approval})")
    return 0


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE options; a name given twice is a slip that would be lost."""
    found: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or not name or name in found:
            raise click.BadParameter(f"give NAME=VALUE once a name, not {text[:80]!r}", param_hint=option)
        found[name] = value
    return found

"""The shape of `components:` in lockgate.yml: what a solution deploys, by kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from runner.config.fields import Name, RelPath, Runtime, Seconds, Sha256, Strict, TypeName


class LambdaZip(Strict):
    """A Lambda function deployed as a zip archive."""

    kind: Literal["lambda-zip"]
    source: RelPath = Field(description="folder whose content is the archive's root")
    handler: Annotated[str, StringConstraints(pattern=r"^[\w/]+(\.\w+)+$")] = Field(
        description="module.function, as Lambda calls it"
    )
    runtime: Runtime = Field("python3.12", description="what AWS will run; wheels are chosen for it")
    architecture: Literal["x86_64", "arm64"] = Field("x86_64", description="likewise")
    lock: RelPath | None = Field(None, description="pip requirements with hashes; none: no dependencies")
    events: tuple[RelPath, ...] = Field((), description="sample events (JSON), or folders of them")
    test_env: dict[str, str] = Field(
        default_factory=dict, description="environment for stock:lambda; ${model.file}, ${model.sha256}"
    )


class Image(Strict):
    """A container image (plain, or a Lambda function's)."""

    kind: Literal["image", "lambda-image"]
    dockerfile: RelPath = Field(description="its definition")
    context: RelPath = Field(".", description="the folder that the build may see")
    args: dict[str, str] = Field(default_factory=dict, description="build arguments; never secrets")
    timeout: Seconds = Field(1800.0, description="to build and push; longer is ERROR")


class ModelImage(Strict):
    """A model in a serving container that speaks SageMaker's protocol: /ping and /invocations on 8080."""

    kind: Literal["model-image"]
    model: Name = Field(description="the model component that it serves")
    base: str = Field(
        "python:3.11-slim-bookworm",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:@-]*$",
        description="image with Python 3.11 or later",
    )
    lock: RelPath | None = Field(
        None,
        description="pip requirements with hashes (onnxruntime, or skops); none: base has them",
    )
    method: Literal["predict_proba", "predict"] = Field("predict_proba", description="of a skops model")
    timeout: Seconds = Field(1800.0, description="to build and push; longer is ERROR")


class Model(Strict):
    """A trained model: ONNX or skops, or what another one predicted, with the training record beside it."""

    kind: Literal["model"]
    path: RelPath = Field(description="the model file, .onnx or .skops; predictions: .parquet or .csv")
    record: RelPath = Field(description="JSON training record; names the model's sha256")
    train: str | None = Field(None, description="command that writes path and record, when inputs change")
    inputs: tuple[RelPath, ...] = Field((), description="files and folders; a change trains again")
    outputs: tuple[RelPath, ...] = Field((), description="what else training writes and the stages read")
    needs: tuple[Name, ...] = Field((), description="names of prepare steps")
    timeout: Seconds = Field(1800.0, description="longer is ERROR")
    trusted: tuple[TypeName, ...] = Field(
        (), description="types that a skops file may hold beside skops' own list"
    )
    allow_pickle_sha256: Sha256 | None = Field(
        None, description="accept this one pickle or joblib file; it is never opened where credentials are"
    )


class Definition(Strict):
    """A file that a service runs: a Glue job script, a Step Functions or a SageMaker Pipelines definition."""

    kind: Literal["definition"]
    path: RelPath = Field(description="the file")
    format: Literal["glue-script", "state-machine", "sagemaker-pipeline"] = Field(
        description="what it is; checked as far as possible without executing it"
    )


class Stack(Strict):
    """A CloudFormation template; parameters may use ${bucket}, ${NAME.key}, ${NAME.sha256}, ${NAME.uri},
    ${NAME.image}, ${NAME.url}."""

    kind: Literal["stack"]
    template: RelPath = Field(description="CloudFormation, linted by cfn-lint")
    parameters: dict[str, str] = Field(default_factory=dict, description="the stack's parameters")
    package: tuple[Name, ...] = Field(
        (), description="components whose local paths in the template become their artifacts"
    )


Component = Annotated[
    LambdaZip | Image | ModelImage | Model | Definition | Stack, Field(discriminator="kind")
]

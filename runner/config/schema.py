"""The shape of `lockgate.yml`, as pydantic models; the shipped JSON Schema is generated from them.

Every path is relative to the solution's root and may not leave it. Durations are seconds or
'90s', '10m', '1h'; sizes are bytes or '512MiB', '4GiB'. Unknown fields are refused everywhere.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from runner.config.canary import Canary, CodeDeploy
from runner.config.components import Component as Component
from runner.config.components import Definition as Definition
from runner.config.components import Image as Image
from runner.config.components import LambdaZip as LambdaZip
from runner.config.components import Model as Model
from runner.config.components import ModelImage as ModelImage
from runner.config.components import Stack as Stack
from runner.config.data import DataStage as DataStage
from runner.config.data import TableSource as TableSource
from runner.config.fields import (
    REGISTRY,
    TOPIC,
    HistoryPlace,
    Name,
    RelPath,
    Seconds,
    StackName,
    Strict,
    Traffic,
)
from runner.config.stage import StageBase


class PythonEnv(Strict):
    """The environment of the solution's own code and tests: built once from its lock file."""

    lock: RelPath = Field("requirements.lock", description="pip requirements with hashes")
    path: tuple[RelPath, ...] = Field(("src",), description="folders put on PYTHONPATH")


class Prepare(Strict):
    """A command that makes files the stages read (tables), rerun when its inputs change."""

    run: str = Field(description="command, split like a shell would, run in the solution's environment")
    inputs: tuple[RelPath, ...] = Field((), description="files and folders; a change runs it again")
    outputs: tuple[RelPath, ...] = Field(min_length=1, description="what it writes")
    timeout: Seconds = Field(600.0, description="longer is ERROR")


class UnitStage(StageBase):
    """pytest over suites: folders or files of the solution, or stock:NAME."""

    kind: Literal["unit"]
    suites: tuple[str, ...] = Field(
        ("suites/unit",), min_length=1, description="folders, files, or stock:NAME (stock:lambda)"
    )
    shards: int = Field(1, ge=1, le=50, description="processes (or containers) that share its tests out")


class Evaluation(Strict):
    """The held-out table on which the model is judged."""

    source: RelPath = Field(description="the held-out table, .parquet or .csv")
    label: str = Field(description="the column that holds the truth")
    features: tuple[str, ...] = Field(
        (), description="columns, in the model's input order; none: the candidate is a predictions file"
    )
    id: str | None = Field(
        None, min_length=1, description="the column that names a row, by which predictions files are paired"
    )
    weight: str | None = Field(
        None, min_length=1, description="the column of sample weights: how much each row counts, from 0 on"
    )
    query: str | None = Field(
        None, min_length=1, description="task ranking: the column that says which rows are ranked together"
    )


class Endpoint(Strict):
    """A SageMaker endpoint that serves the candidate; the run asks it, and hands its answers to the stage."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$")] = Field(
        description="EndpointName"
    )
    environment: Name = Field("test", description="one of `environments`: in which AWS and region it is")


class ModelStage(StageBase):
    """Acceptance criteria over the candidate's predictions on the evaluation table."""

    kind: Literal["model"]
    candidate: Name = Field(description="the model component that is judged")
    evaluation: Evaluation = Field(description="on what")
    criteria: RelPath = Field(description="by which rules (docs/judging.md)")
    through: Name | None = Field(
        None, description="a model-image component: the candidate is judged through its container"
    )
    endpoint: Endpoint | None = Field(
        None, description="instead: the candidate is judged through a SageMaker endpoint that serves it"
    )
    champion: str | None = Field(None, description="another model file, to be beaten")
    reference: RelPath | None = Field(None, description="the scikit-learn model as skops, for parity")


class Golden(Strict):
    """Recorded rows replayed through deployed functions: JSON lines of {event, expected}."""

    rows: RelPath = Field(description="the file")
    through: tuple[Name, ...] = Field(min_length=1, description="components, each fed the answer before")
    # Probabilities are never more than 1 apart: at 1 nothing could fail.
    tolerance: float = Field(
        1e-6, ge=0, lt=1, allow_inf_nan=False, description="largest difference (below 1), relative above 1"
    )


class IntegrationStage(StageBase):
    """Deploys the test stack, invokes what runs in it, and removes it."""

    kind: Literal["integration"]
    stack: Name = Field(description="the stack component that is deployed")
    suites: tuple[str, ...] = Field(
        ("stock:smoke", "suites/integration"), min_length=1, description="as in a unit stage"
    )
    invoke: dict[Name, str] = Field(
        default_factory=dict, description="component -> stack output that names its function"
    )
    golden: Golden | None = Field(None, description="rows whose served answers must be the recorded ones")
    environment: Name = Field("test", description="where; one of `environments`")

    def without_golden(self) -> IntegrationStage:
        """The stage without its golden rows: they are one model's answers, and another one may be asked."""
        suites = tuple(suite for suite in self.suites if suite != "stock:golden")
        return self.model_copy(update={"golden": None, "suites": suites})


Stage = Annotated[UnitStage | DataStage | ModelStage | IntegrationStage, Field(discriminator="kind")]
KINDS = ("unit", "data", "model", "integration")


class Environment(Strict):
    """Where a stack runs. `bucket` holds artifacts; required for a real AWS."""

    stack_name: StackName | None = Field(None, description="for deployments; a test stack has its own")
    region: str | None = Field(None, description="AWS region; else the credentials' own")
    bucket: str | None = Field(None, description="holds artifacts; required in a real AWS")
    parameters: dict[str, str] = Field(default_factory=dict, description="override the stack's")
    stack: Name | None = Field(None, description="the stack component that is deployed; else the only one")
    traffic: Traffic = Field(
        "all-at-once",
        description="how aliases move: all-at-once, canary-10-percent-5-minutes, "
        "linear-10-percent-every-1-minute",
    )
    canary: Canary = Field(Canary(), description="what is tolerated while traffic moves")
    code_deploy: CodeDeploy | None = Field(None, description="what moves the aliases; else Lockgate does")
    alarms: tuple[str, ...] = Field((), description="CloudWatch alarms that stop a deployment, by name")
    policy: RelPath | None = Field(None, description="who may sign what; required in a real AWS")
    role: str | None = Field(None, description="ARN: what CloudFormation changes the stack as")
    timeout: Seconds = Field(3600.0, description="for one update of the stack; longer could not be told")


class DockerHost(Strict):
    """`lockgate run --on docker`: each stage in a container on this machine's engine."""

    image: str = Field("lockgate:sandbox", min_length=1, description="ours, with a sandbox or without")
    network: str = Field("bridge", min_length=1, description="Docker network, to reach a package index")
    cache: str = Field(
        "", description="a volume that keeps environments; tests can write there (docs/hosts.md)"
    )


class FargateHost(Strict):
    """`lockgate run --on fargate`: each stage a task. `stack` has the rest as outputs (infra/task.yml)."""

    stack: StackName | None = Field(None, description="the stack made from infra/task.yml")
    cluster: str = Field("", description="name or ARN")
    task_definition: str = Field("", description="family, family:revision or ARN")
    container: str = Field("lockgate", description="its name in the task definition")
    subnets: tuple[str, ...] = Field((), description="where its network interface lies")
    security_groups: tuple[str, ...] = Field((), description="likewise")
    public_ip: bool = Field(False, description="assign one (a public subnet without NAT needs it)")
    bucket: str = Field("", description="for jobs and results, under runs/")
    prepare_role: str = Field("", description="ARN; what a state machine's first task runs as")
    conclude_role: str = Field("", description="likewise its last; else both as the definition says")
    log_group: str = Field("", description="to show progress; none: none is shown")
    log_prefix: str = Field("lockgate", description="the task definition's awslogs-stream-prefix")
    start_timeout: Seconds = Field(900.0, description="to be placed and pulled; longer is ERROR")


class Hosts(Strict):
    """Where stages can run beside this machine."""

    docker: DockerHost = Field(DockerHost(), description="a container each")
    fargate: FargateHost | None = Field(None, description="a Fargate task each")


class Notify(Strict):
    """Who is told of a failure, with its cause (docs/incidents.md)."""

    sns: Annotated[str, StringConstraints(pattern=TOPIC)] | None = Field(
        None, description="ARN of a topic; LOCKGATE_NOTIFY_TOPIC overrides"
    )
    webhook_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = Field(
        None, description="the variable that holds a webhook's URL; LOCKGATE_NOTIFY_WEBHOOK overrides"
    )
    format: Literal["slack", "teams"] = Field(
        "slack", description="what the webhook reads; LOCKGATE_NOTIFY_FORMAT overrides"
    )


class Solution(Strict):
    """The whole of lockgate.yml."""

    version: Literal[1] = Field(1, description="of this format")
    solution: Name = Field(description="its name: lower case, digits, dashes")
    python: PythonEnv = Field(PythonEnv(), description="the environment of its code and tests")
    prepare: dict[Name, Prepare] = Field(default_factory=dict, description="what makes the tables")
    components: dict[Name, Component] = Field(default_factory=dict, description="what is deployed")
    stages: dict[Name, Stage] = Field(min_length=1, description="what is judged")
    environments: dict[Name, Environment] = Field(default_factory=dict, description="where stacks run")
    hosts: Hosts = Field(Hosts(), description="where stages run: lockgate run --on docker|fargate")
    notify: Notify = Field(Notify(), description="who is told of a failure")
    registry: Annotated[str, StringConstraints(pattern=REGISTRY)] | None = Field(
        None, description="where images are pushed, HOST[:PORT][/PREFIX]; LOCKGATE_REGISTRY overrides"
    )
    repository: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(
        None,
        description="where `lockgate merge` merges: codecommit://NAME, codecommit::REGION://NAME, git's URL, "
        "or a remote of the checkout; LOCKGATE_REPOSITORY overrides",
    )
    history: HistoryPlace | None = Field(
        None,
        description="where versions are kept: a folder, or s3://bucket/prefix; LOCKGATE_HISTORY overrides",
    )

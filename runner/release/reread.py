"""Reading back one resource: what its service says that it really runs. Read calls only.

Each reader takes a resource's physical name and what is expected of it, and gives the same facts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import Aws
from runner.release import expected as nouns
from runner.release.definitions import is_same
from runner.release.expected import CODE, DEFINITION, NUMBER, ROUTING, Expectation, routing, served
from runner.text import one_line

BATCH = 100  # tasks that DescribeTasks takes at once
# A function's states: CloudFormation waits until they are settled, but not every platform does.
UNSETTLED = ("Pending", "InProgress")
STATES = (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason"))
POLL, PATIENCE = 0.5, 120  # seconds, times


@dataclass(frozen=True, slots=True)
class Look:
    """What readers are handed; `pause` waits for a number of seconds."""

    aws: Aws
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a resource. `wrong`: what is not as it should be whatever was expected."""

    facts: Mapping[str, str]
    wrong: tuple[str, ...] = ()


def function(look: Look, physical: str, wanted: Expectation) -> Seen:
    return _configured(look, wanted, FunctionName=physical)


def version(look: Look, physical: str, wanted: Expectation) -> Seen:
    name, _, number = physical.rpartition(":")
    seen = _configured(look, wanted, FunctionName=name, Qualifier=number)
    return Seen({**seen.facts, NUMBER: number}, seen.wrong)


def alias(look: Look, physical: str, wanted: Expectation) -> Seen:
    """The version that an alias is at, and where else it sends traffic."""
    name, _, own = physical.rpartition(":")
    told = look.aws.call("lambda", "get_alias", FunctionName=name, Name=own)
    number = str(told["FunctionVersion"])
    weights = told.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    seen = _configured(look, wanted, FunctionName=name, Qualifier=number)
    return Seen({**seen.facts, NUMBER: number, ROUTING: routing(weights)}, seen.wrong)


def _configured(look: Look, wanted: Expectation, **where: str) -> Seen:
    """A function, or a version of it: its code, and those of its variables that are expected."""
    told = _settled(look, where)
    facts: dict[str, str] = {}
    if told.get("PackageType") == "Image":
        code = look.aws.call("lambda", "get_function", **where).get("Code", {})
        facts["image"] = str(code.get("ResolvedImageUri", ""))
    else:
        facts[CODE] = _hex(str(told.get("CodeSha256", "")))
    variables = {f"environment {k}": v for k, v in told.get("Environment", {}).get("Variables", {}).items()}
    facts |= {name: value for name, value in variables.items() if name in wanted.facts}
    bad = ("Failed", *UNSETTLED)
    wrong = tuple(
        _told(f"is {told[state]}", told.get(why)) for state, why in STATES if told.get(state) in bad
    )
    return Seen(facts, wrong)


def _settled(look: Look, where: Mapping[str, str]) -> dict[str, Any]:
    """A function's configuration once no change to it is under way; as it then is if that takes long."""
    for _ in range(PATIENCE):
        told = look.aws.call("lambda", "get_function_configuration", **where)
        if not any(told.get(state) in UNSETTLED for state, _ in STATES):
            break
        look.pause(POLL)
    return told


def _hex(digest: str) -> str:
    """Lambda's base64 of a sha256 as hexadecimal digits; what is none as it is."""
    try:
        return base64.b64decode(digest, validate=True).hex()
    except (binascii.Error, ValueError):
        return digest


def task(look: Look, physical: str, wanted: Expectation) -> Seen:
    told = look.aws.call("ecs", "describe_task_definition", taskDefinition=physical)["taskDefinition"]
    return Seen({f"image of {c['name']}": c.get("image", "") for c in told.get("containerDefinitions", ())})


def service(look: Look, physical: str, wanted: Expectation) -> Seen:
    """A service's task definition, and what its tasks run."""
    parts = physical.partition(":service/")[2].split("/")
    cluster = {"cluster": parts[0]} if len(parts) == 2 else {}
    found = look.aws.call("ecs", "describe_services", services=[physical], **cluster).get("services", ())
    told: dict[str, Any] = found[0] if found else {"status": "not there"}
    wrong = [] if told.get("status") == "ACTIVE" else [f"is {told.get('status')}"]
    for deployment in told.get("deployments", ()):
        wrong += _rollout(deployment)
    if not told.get("taskDefinition"):
        return Seen({}, tuple(wrong))
    facts = task(look, told["taskDefinition"], wanted).facts
    return Seen(facts, (*wrong, *_strangers(_tasks(look, parts[-1], cluster), facts)))


def _rollout(deployment: Mapping[str, Any]) -> list[str]:
    is_old = deployment.get("status") != "PRIMARY" and int(deployment.get("runningCount", 0)) > 0
    old = [f"still runs {deployment.get('taskDefinition', '').rpartition('/')[2]}"] if is_old else []
    state = deployment.get("rolloutState", "COMPLETED")
    unfinished = deployment.get("status") == "PRIMARY" and state != "COMPLETED"
    return old + (
        [_told(f"has a deployment that is {state}", deployment.get("rolloutStateReason"))] * unfinished
    )


def _tasks(look: Look, name: str, cluster: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    arns = [*look.aws.pages("ecs", "list_tasks", "taskArns", serviceName=name, **cluster)]
    for start in range(0, len(arns), BATCH):
        yield from look.aws.call("ecs", "describe_tasks", tasks=arns[start : start + BATCH], **cluster)[
            "tasks"
        ]


def _strangers(tasks: Iterator[dict[str, Any]], facts: Mapping[str, str]) -> list[str]:
    """Running containers whose image is not the one that their task definition names by digest."""
    found = set()
    for container in (c for t in tasks if t.get("lastStatus") == "RUNNING" for c in t.get("containers", ())):
        named, digest = facts.get(f"image of {container.get('name')}", ""), container.get("imageDigest", "")
        if digest and "@" in named and named.partition("@")[2] != digest:
            found.add(f"has a task whose {container.get('name')} runs {digest[:19]}")
    return sorted(found)


def model(look: Look, physical: str, wanted: Expectation) -> Seen:
    return Seen(_model(look, _name(physical)))


def _model(look: Look, name: str) -> dict[str, str]:
    told = look.aws.call("sagemaker", "describe_model", ModelName=name)
    return served(iter(told.get("Containers") or [told.get("PrimaryContainer", {})]))


def endpoint(look: Look, physical: str, wanted: Expectation) -> Seen:
    """What an endpoint's variants have deployed; its configuration alone would be a promise."""
    told = look.aws.call("sagemaker", "describe_endpoint", EndpointName=_name(physical))
    status = told["EndpointStatus"]
    wrong = [] if status == "InService" else [_told(f"is {status}", told.get("FailureReason"))]
    config = look.aws.call(
        "sagemaker", "describe_endpoint_config", EndpointConfigName=told["EndpointConfigName"]
    )
    deployed = {v["VariantName"]: v.get("DeployedImages", ()) for v in told.get("ProductionVariants", ())}
    facts: dict[str, str] = {}
    for variant in config["ProductionVariants"]:
        name = variant["VariantName"]
        images = {i.get("SpecifiedImage"): i.get("ResolvedImage", "") for i in deployed.get(name, ())}
        for what, value in _model(look, variant["ModelName"]).items():
            is_image = what.startswith("image")
            facts[f"{name} {what}"] = images.get(value) or value if is_image and "@" in value else value
            wrong += [f"has not deployed {one_line(value, 120)}"] if is_image and value not in images else []
    return Seen(facts, tuple(wrong))


def _name(arn: str) -> str:
    """SageMaker's resources are known to CloudFormation by ARN, to their calls by name."""
    return arn.rpartition("/")[2]


def machine(look: Look, physical: str, wanted: Expectation) -> Seen:
    """A state machine runs a definition if that, with its substitutions, is what the service has."""
    text = look.aws.call("stepfunctions", "describe_state_machine", stateMachineArn=physical)["definition"]
    meant = look.aws.read(*wanted.source)
    same = is_same(meant.decode("utf-8", "replace"), text, wanted.substitutions)
    return Seen({DEFINITION: hashlib.sha256(meant if same else text.encode()).hexdigest()})


def job(look: Look, physical: str, wanted: Expectation) -> Seen:
    told = look.aws.call("glue", "get_job", JobName=physical)["Job"]
    return Seen({"script": str(told.get("Command", {}).get("ScriptLocation", ""))})


def _told(what: str, why: Any) -> str:
    return f"{what}: {one_line(why, 200)}" if why else what


READERS: dict[str, Callable[[Look, str, Expectation], Seen]] = {
    nouns.FUNCTION: function,
    nouns.VERSION: version,
    nouns.ALIAS: alias,
    nouns.TASK: task,
    nouns.SERVICE: service,
    nouns.MODEL: model,
    nouns.ENDPOINT: endpoint,
    nouns.MACHINE: machine,
    nouns.JOB: job,
}

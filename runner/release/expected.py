"""What must run when a stack is at a release: what its template says of each resource (pure).

An expectation is made of facts, each a name and a value in words; `runner.release.running` reads the same
facts back. What no parameter decides (another resource's name, a fixed value) is CloudFormation's to keep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.components.references import REFERENCE
from runner.release.intrinsics import Template, target
from runner.release.records import Content, Part

STACK = "AWS::CloudFormation::Stack"
FUNCTION, VERSION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"
TASK, SERVICE = "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
MODEL, CONFIG, ENDPOINT = (f"AWS::SageMaker::{kind}" for kind in ("Model", "EndpointConfig", "Endpoint"))
MACHINE, JOB = "AWS::StepFunctions::StateMachine", "AWS::Glue::Job"
CODE, ROUTING, NUMBER, DEFINITION = "code", "routing", "version", "definition"
Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must run at one resource of the stack.

    `facts`: 'code' -> sha256 of the archive, 'image' -> REPOSITORY@DIGEST, 'environment X' -> value, ...
    `label` is how people call it. `version`, of an alias: the logical name of the version that it has to
    point at. `source`, of a state machine: its definition's bucket and key, and what is put into it."""

    resource: str
    type: str
    facts: Mapping[str, str]
    label: str = ""
    version: str = ""
    source: tuple[str, str] = ("", "")
    substitutions: Mapping[str, str] = field(default_factory=dict)


def expected(template_text: str, parameters: Mapping[str, str], content: Content) -> tuple[Expectation, ...]:
    """Every resource of which something can be compared, and the stack's own parameters.

    `template_text` as it is deployed; `parameters` with their values. Values of parameters marked NoEcho
    are left out. Raises SolutionError for a text that is no template."""
    reader = Reader(Template.read(template_text, parameters, hidden=True), content)
    shown = {
        n: v
        for n, v in parameters.items()
        if reader.template.declared(n) and not reader.template.is_secret(n)
    }
    found = [Expectation("", STACK, {f"parameter {name}": value for name, value in shown.items()})]
    for kind, read in READERS.items():
        found += [read(reader, name) for name in reader.template.resources(kind)]
    return tuple(e for e in found if e.facts or e.version)


def not_reread(expectations: tuple[Expectation, ...], content: Content) -> tuple[str, ...]:
    """The components that the stack uses and of which nothing that runs can be compared, by name."""
    used = {match.split(".")[0] for text in content.recipe.values() for match in REFERENCE.findall(text)}
    facts = [v for e in expectations if e.type != STACK for v in e.facts.values()]
    parts = {n: p for n, p in content.parts.items() if n in used and n != content.stack}
    return tuple(sorted(n for n, p in parts.items() if not any(_is_of(p, value) for value in facts)))


def _is_of(part: Part, value: str) -> bool:
    """Whether a fact's value says which bytes of a component are meant."""
    return any(mark and mark in value for mark in (part.key, part.image, part.deployed, part.sha256))


@dataclass(frozen=True, slots=True)
class Reader:
    """A template read for what it says about running things."""

    template: Template
    content: Content

    def function(self, name: str) -> Expectation:
        return Expectation(name, FUNCTION, self._lambda(name), self._called(name))

    def version(self, name: str) -> Expectation:
        function = target(self.template.properties(name).get("FunctionName"))[0]
        return Expectation(name, VERSION, self._lambda(function), self._called(function))

    def alias(self, name: str) -> Expectation:
        """An alias at a version of the stack runs what the function is; at a number, just that number."""
        properties = self.template.properties(name)
        function, at = (target(properties.get(key))[0] for key in ("FunctionName", "FunctionVersion"))
        number = properties.get("FunctionVersion")
        facts = {NUMBER: number} if isinstance(number, str) else self._lambda(function) if at else {}
        label = f"{self._called(function)} {properties.get('Name', '')}"
        return Expectation(name, ALIAS, {**facts, **_routing(properties)}, label.strip(), at)

    def _lambda(self, name: str) -> Facts:
        """A function's code or image, and the variables of its environment that parameters decide."""
        properties, raw = self.template.properties(name), self.template.raw(name)
        code = properties.get("Code", {})
        part = self._stored(code.get("S3Key")) if isinstance(code, dict) else None
        image = code.get("ImageUri") if isinstance(code, dict) else None
        facts = {CODE: part.deployed} if part else {"image": image} if isinstance(image, str) else {}
        written, values = (p.get("Environment", {}) for p in (raw, properties))
        if not isinstance(written, dict) or not isinstance(values, dict):
            return facts
        return facts | _variables(written.get("Variables"), values.get("Variables"))

    def task(self, name: str) -> Expectation:
        return Expectation(name, TASK, self._containers(name), name)

    def service(self, name: str) -> Expectation:
        task = target(self.template.properties(name).get("TaskDefinition"))[0]
        return Expectation(name, SERVICE, self._containers(task), name)

    def _containers(self, name: str) -> Facts:
        listed = self.template.properties(name).get("ContainerDefinitions")
        found = ((c.get("Name"), c.get("Image")) for c in _dicts(listed))
        return {f"image of {n}": image for n, image in found if isinstance(image, str)}

    def model(self, name: str) -> Expectation:
        return Expectation(name, MODEL, self._served(name), name)

    def endpoint(self, name: str) -> Expectation:
        """Each variant of an endpoint with its model's image and data."""
        config = target(self.template.properties(name).get("EndpointConfigName"))[0]
        facts: Facts = {}
        for variant in _dicts(self.template.properties(config).get("ProductionVariants")):
            served = self._served(target(variant.get("ModelName"))[0])
            facts |= {f"{variant.get('VariantName')} {what}": value for what, value in served.items()}
        return Expectation(name, ENDPOINT, facts, name)

    def _served(self, name: str) -> Facts:
        """A model's containers: one is its PrimaryContainer, of several each has its number."""
        properties = self.template.properties(name)
        listed = properties.get("Containers") or [properties.get("PrimaryContainer")]
        return served(_dicts(listed))

    def machine(self, name: str) -> Expectation:
        properties = self.template.properties(name)
        place, given = (properties.get(k, {}) for k in ("DefinitionS3Location", "DefinitionSubstitutions"))
        part = self._stored(place.get("Key")) if isinstance(place, dict) else None
        bucket = place.get("Bucket") if part else None
        if part is None or not isinstance(bucket, str):
            return Expectation(name, MACHINE, {})
        known = {k: v for k, v in given.items() if isinstance(v, str)} if isinstance(given, dict) else {}
        return Expectation(name, MACHINE, {DEFINITION: part.deployed}, name, "", (bucket, part.key), known)

    def job(self, name: str) -> Expectation:
        command = self.template.properties(name).get("Command", {})
        script = command.get("ScriptLocation") if isinstance(command, dict) else None
        return Expectation(name, JOB, {"script": script} if isinstance(script, str) else {}, name)

    def _stored(self, key: Any) -> Part | None:
        """The component whose object a key is."""
        return next((p for p in self.content.parts.values() if p.key and p.key == key), None)

    def _called(self, function: str) -> str:
        """A function's name among people: its component's, else its logical one."""
        code = self.template.properties(function).get("Code", {})
        marks = [code.get("S3Key"), code.get("ImageUri")] if isinstance(code, dict) else []
        found = (n for n, p in self.content.parts.items() if (p.key or p.image or None) in marks)
        return next(found, function)


def served(containers: Iterator[dict[str, Any]]) -> Facts:
    """The image and the model data of SageMaker containers, as facts."""
    facts: Facts = {}
    for number, container in enumerate(containers):
        suffix = f" {number + 1}" if number else ""
        for key, what in (("Image", "image"), ("ModelDataUrl", "model data")):
            if isinstance(container.get(key), str):
                facts[what + suffix] = container[key]
    return facts


def routing(weights: Mapping[str, float]) -> str:
    """An alias's weights as one text: version=share, by version."""
    return ",".join(f"{v}={w:g}" for v, w in sorted(weights.items()) if w)


def _routing(properties: Mapping[str, Any]) -> Facts:
    """Where an alias sends its traffic beside its version: nowhere, unless the template says so."""
    config = properties.get("RoutingConfig", {})
    listed = config.get("AdditionalVersionWeights", []) if isinstance(config, dict) else None
    try:
        weights = {str(w["FunctionVersion"]): float(w["FunctionWeight"]) for w in listed or ()}
    except (TypeError, ValueError, LookupError):
        return {}
    known = listed is not None and all(version.isdigit() for version in weights)
    return {ROUTING: routing(weights)} if known else {}


def _variables(written: Any, values: Any) -> Facts:
    """The variables that were worked out; what stands there literally is CloudFormation's to keep."""
    if not isinstance(written, dict) or not isinstance(values, dict):
        return {}
    decided = (n for n, value in written.items() if not isinstance(value, str))
    return {f"environment {n}": values[n] for n in decided if isinstance(values.get(n), str)}


def _dicts(items: Any) -> Iterator[dict[str, Any]]:
    return (i for i in items if isinstance(i, dict)) if isinstance(items, list) else iter(())


READERS: dict[str, Callable[[Reader, str], Expectation]] = {
    FUNCTION: Reader.function,
    VERSION: Reader.version,
    ALIAS: Reader.alias,
    TASK: Reader.task,
    SERVICE: Reader.service,
    MODEL: Reader.model,
    ENDPOINT: Reader.endpoint,
    MACHINE: Reader.machine,
    JOB: Reader.job,
}

"""The shape of `manifest.json`, schema `lockgate.manifest/1`, as pydantic models.

The shipped `manifest.schema.json` is generated from them. Fields that are not named here are kept and left
alone: a later minor version may add some. Another major version is refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from runner.model import Status

SHIPPED = Path(__file__).with_name("manifest.schema.json")
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MaybeSha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
# They become names of files.
StageName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
StatementName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,150}$")]
Count = Annotated[int, Field(ge=0, strict=True)]
Seconds = Annotated[float, Field(ge=0, le=10**9, strict=True)]
# They become parts of keys and of subjects' names.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
RunId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
# RFC 3339, and of a year to which seconds can be added; a number would be read as a time too.
TIME = r"^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"


Entries = Annotated[dict[str, dict[str, Any]], FailFast()]


def _written_time(value: Any) -> Any:
    if not isinstance(value, str) or not re.search(TIME, value, re.ASCII) or value.endswith("\n"):
        raise ValueError("a time is written as 2026-11-22T10:00:00+00:00")
    return value


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_written_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME}),
]


class Open(BaseModel):
    """Frozen; unknown fields are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Source(Open):
    """`commit` is '' and `clean` null where there was no version control to ask."""

    commit: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40})?$")]
    branch: str
    clean: Annotated[bool, Field(strict=True)] | None


class Verdict(Open):
    status: Status
    reason: str


class Step(Open):
    """What came before the stages: environment, prepare, build."""

    status: Status
    seconds: Seconds
    cause: str
    blocked_by: str = Field("", description="the step that kept a SKIPPED one from being started")


class Counts(Open):
    """How many checks were collected and executed, and how they ended."""

    collected: Count
    executed: Count
    passed: Count
    failed: Count
    errored: Count
    skipped: Count


class Stage(Step):
    kind: str
    min_checks: int = Field(1, ge=0, strict=True, description="fewer executed checks were an ERROR")
    counts: Counts
    result_sha256: MaybeSha256 = Field(description="of its sealed result.json; '' where it left none")
    facts: dict[str, Any]
    failed: Annotated[list[dict[str, Any]], FailFast()] = Field(
        description="the first 50 checks that did not pass"
    )


class Variant(Open):
    """Another build of the same component, which is the one that the tests executed."""

    target: str
    sha256: Sha256
    size: Count


class Component(Open):
    kind: str
    version: str
    sha256: Sha256 = Field(description="of the bytes that would be deployed; of an image: its manifest's")
    size: Count
    suffix: Annotated[str, StringConstraints(pattern=r"^(\.[A-Za-z0-9]{1,16})?$")] = Field(
        "", description="how its object in a bucket ends: SOLUTION/NAME/SHA256SUFFIX"
    )
    executed: Variant | None
    facts: dict[str, Any]

    @property
    def is_built(self) -> bool:
        """Whether there is an artifact at all, not a definition of one alone."""
        return bool(self.facts.get("built", True))


class Configuration(Open):
    sha256: MaybeSha256


class Pin(Open):
    """One of the statements of the run: `statements/<name>.json`."""

    name: StatementName
    predicate_type: str
    sha256: Sha256


class Manifest(Open):
    """What was judged, by what, with what outcome, and which statements say so."""

    format: Annotated[str, StringConstraints(pattern=r"^lockgate\.manifest/1(\.[0-9]+)?$")] = Field(
        alias="schema"
    )
    run_id: RunId
    solution: Name
    source: Source
    started: Time
    seconds: Seconds
    aws: str = Field(description="which AWS was used, in one line")
    complete: Annotated[bool, Field(strict=True)] = Field(description="no stage was left out")
    release: str | None = Field(None, description="a complete run's that passed: VERSION+COMMIT7")
    verdict: Verdict
    # Each ends at its first mistake: a million of them would fill the memory with messages.
    steps: Annotated[dict[str, Step], FailFast()]
    stages: Annotated[dict[StageName, Stage], FailFast()]
    components: Annotated[dict[Name, Component], FailFast()]
    judged: Annotated[dict[str, Entries], FailFast()] = Field(description="kind -> name -> sha256 and facts")
    configuration: Configuration = Field(Configuration(sha256=""), description="lockgate.yml")
    locks: Annotated[dict[str, Sha256], FailFast()]
    tools: Annotated[dict[str, str], FailFast()]
    overrides: Annotated[list[dict[str, Any]], FailFast()]
    statements: Annotated[list[Pin], FailFast()] = Field(
        (), validate_default=True, description="the exact set"
    )


def schema() -> dict[str, Any]:
    """The JSON Schema as data."""
    generated = Manifest.model_json_schema()
    _close(generated)
    generated["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    generated["$id"] = "urn:lockgate:manifest:1"
    generated["title"] = "manifest.json"
    return generated


def _close(node: Any) -> None:
    """A name that does not fit the pattern is refused, not let pass."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _close(value)
    if isinstance(node, dict) and "patternProperties" in node:
        node["additionalProperties"] = False


def schema_text() -> str:
    """The JSON Schema as text with a newline at its end."""
    return json.dumps(schema(), indent=1) + "\n"

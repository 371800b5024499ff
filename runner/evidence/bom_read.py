"""A BOM as hostile input (pure): is it one of ours, whole, and about the component that it names?

A signer rebuilds it from what the run left (`runner.evidence.recheck`). A verifier has the envelopes alone:
it can see that the document is a CycloneDX 1.6 of the shape that `bom.document` writes, that its serial
number is the digest of its content, and that its component is a subject of the statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

from runner.errors import RefusedError
from runner.evidence.bom import sha256, with_serial
from runner.text import one_line

# The first mistake is enough: a million of them would fill the memory with messages.
Links = Annotated[list[dict[str, str | list[str]]], FailFast()]
Text = Annotated[str, StringConstraints(min_length=1)]


class _Shape(BaseModel):
    """Further fields are the kind's own (a purl, a model card); these must be there."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Part(_Shape):
    type: Text
    name: Text
    ref: Text = Field(alias="bom-ref")
    version: Text | None = None
    hashes: Annotated[list[dict[str, str]], FailFast()] = []


class _Metadata(_Shape):
    component: _Part
    tools: dict[str, Annotated[list[dict[str, str]], FailFast()]]


class _Bom(_Shape):
    bomFormat: Literal["CycloneDX"]
    specVersion: Literal["1.6"]
    version: Literal[1]
    metadata: _Metadata
    components: Annotated[list[_Part], FailFast()]
    dependencies: Links
    compositions: Links


def check_bom(bom: Mapping[str, Any], subjects: Sequence[Mapping[str, Any]]) -> None:
    """Raises RefusedError with what is wrong; `subjects` are those of the BOM's statement."""
    try:
        main = _Bom.model_validate(bom).metadata.component
    except ValueError as error:
        said = "; ".join(str(error).splitlines()[1:3])
        raise RefusedError(f"it is no CycloneDX 1.6 document: {one_line(said or error)}") from None
    content = {name: value for name, value in bom.items() if name != "serialNumber"}
    if with_serial(content) != bom:
        raise RefusedError("the BOM's serial number is not that of its content")
    if main.hashes != [sha256(subjects[0]["digest"].get("sha256", ""))]:
        raise RefusedError(f"the BOM is not about the component {one_line(subjects[0].get('name'), 80)!r}")

"""A CycloneDX 1.6 document (pure): its envelope, and what every kind of component has in it.

The same component gives the same bytes on every machine and day: no time and no commit (provenance
has those), everything sorted, and a serial number that is a digest of the content.
Published schema: https://cyclonedx.org/schema/bom-1.6.schema.json
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from runner.manifest.build import canonical
from runner.manifest.schema import Component
from runner.text import one_line

PREDICATE_TYPE = "https://cyclonedx.org/bom"
VALUE_LIMIT = 1_000
Json = dict[str, Any]


def document(
    main: Json, parts: Iterable[Json], *, aggregate: str, lockgate: str, holds: Iterable[str] | None = None
) -> Json:
    """The BOM of one component and its parts.

    `aggregate`: CycloneDX's word for how complete the parts are; `holds`: the bom-refs that the component
    depends on (all parts, where not given); `lockgate`: the version of what wrote it."""
    components = sorted(parts, key=lambda part: (part["type"], part["bom-ref"]))
    depends = sorted(holds if holds is not None else (part["bom-ref"] for part in components))
    bom: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"tools": {"components": [_tool(lockgate)]}, "component": main},
        "components": components,
        "dependencies": [{"ref": main["bom-ref"], **({"dependsOn": depends} if depends else {})}],
        "compositions": [{"aggregate": aggregate, "dependencies": [main["bom-ref"]]}],
    }
    return with_serial(bom)


def with_serial(bom: Json) -> Json:
    """The BOM with the serial number that is a digest of the rest of it."""
    content = hashlib.sha256(canonical(bom)).hexdigest()
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"{PREDICATE_TYPE}#{content}")
    return {**bom, "serialNumber": f"urn:uuid:{serial}"}


def main_component(name: str, component: Component, kind: str) -> Json:
    """The described component, known by the digest of the bytes which are deployed."""
    return {
        "type": kind,
        "bom-ref": f"{one_line(name)}@sha256:{component.sha256}",
        "name": one_line(name),
        "version": one_line(component.version or f"sha256:{component.sha256}"),
        "hashes": [sha256(component.sha256)],
    }


def sha256(digest: str) -> Json:
    """A digest as CycloneDX writes it."""
    return {"alg": "SHA-256", "content": digest}


def properties(values: Mapping[str, Any]) -> list[Json]:
    """Names and values as CycloneDX properties in our own namespace, sorted, each a line; none empty."""
    told = {one_line(name, 200): one_line(text(value), VALUE_LIMIT) for name, value in values.items()}
    return [{"name": f"lockgate:{name}", "value": told[name]} for name in sorted(told) if told[name]]


def text(value: Any, depth: int = 3) -> str:
    """A plain value as text: numbers with all their digits, yes and no as JSON says them, lists joined.

    What is nested deeper becomes an ellipsis: a record may be made to exhaust whoever reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        if depth == 0:
            return "…"
        pairs = sorted(value.items(), key=str) if isinstance(value, Mapping) else ()
        items = (f"{key}={text(item, depth - 1)}" for key, item in pairs)
        return ", ".join(items if pairs else (text(item, depth - 1) for item in value))
    return str(value)


def _tool(version: str) -> Json:
    return {"type": "application", "name": "lockgate", **({"version": one_line(version)} if version else {})}

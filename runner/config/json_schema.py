"""The JSON Schema of lockgate.yml, generated from the models; it ships as lockgate.schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runner.config.schema import KINDS, Solution

SHIPPED = Path(__file__).with_name("lockgate.schema.json")


def schema() -> dict[str, Any]:
    """The schema as data."""
    generated = Solution.model_json_schema()
    generated["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    generated["title"] = "lockgate.yml"
    _stages_by_name(generated)
    return generated


def schema_text() -> str:
    """The schema as JSON text with a newline at its end."""
    return json.dumps(schema(), indent=1) + "\n"


def _stages_by_name(schema: dict[str, Any]) -> None:
    """A stage called like a kind needs no `kind`: say so, as the loader does."""
    stages = schema["properties"]["stages"]
    models = {k: {"$ref": f"#/$defs/{k.capitalize()}Stage"} for k in KINDS}
    for kind in KINDS:
        model = schema["$defs"][f"{kind.capitalize()}Stage"]
        model["required"] = [f for f in model.get("required", []) if f != "kind"]
    stages["properties"] = {
        k: {"anyOf": [models[k], {"type": "null"}]} if k == "unit" else models[k] for k in KINDS
    }
    others = stages["patternProperties"]
    for pattern in list(others):
        others[pattern.replace("^", f"^(?!(?:{'|'.join(KINDS)})$)", 1)] = others.pop(pattern)

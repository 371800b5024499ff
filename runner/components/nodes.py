"""A YAML template as nodes with their places in its text: what is edited stays what its author wrote."""

from __future__ import annotations

from typing import Any

from runner.errors import SolutionError
from runner.text import one_line

TEXT = "tag:yaml.org,2002:str"


def compose(text: str) -> Any:
    """The root node. Raises SolutionError where the text is no YAML."""
    import yaml

    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise SolutionError(f"not a YAML template: {one_line(error)}") from None


def items(node: Any) -> list[tuple[Any, Any]]:
    """The pairs of a mapping; none of anything else."""
    return list(node.value) if getattr(node, "id", "") == "mapping" else []


def child(node: Any, key: str) -> Any:
    """A mapping's value under a key, None where there is none."""
    return next((value for found, value in items(node) if found.value == key), None)


def is_text(node: Any) -> bool:
    """Whether a node is a text without a tag of its own."""
    return getattr(node, "tag", "") == TEXT

"""A change set in plain words (pure), from the Changes that DescribeChangeSet gives.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.text import one_line

Changes = Sequence[Mapping[str, Any]]
NONE_NESTED: Mapping[str, Changes] = {}
NESTED = "AWS::CloudFormation::Stack"
# In the order in which they are shown: what could lose something first.
VERBS = {
    "deleted": "",
    "replaced": "",
    "may be replaced": "whether it is replaced is decided while it is updated",
    "may change": "how is decided while it is updated",
    "left behind": "it stays, outside the stack",
    "changed": "",
    "imported": "",
    "added": "",
}
ACTIONS = {"Add": "added", "Import": "imported", "Remove": "deleted", "SyncWithActual": "changed"}
WIDTH = max(map(len, VERBS)) + 1
POLICIES = {
    "Snapshot": "a snapshot is kept",
    "ReplaceAndRetain": "the old one is left behind",
    "ReplaceAndSnapshot": "a snapshot of the old one is kept",
}


def words(changes: Changes) -> list[str]:
    """A line for each change: 'replaced  FeaturesVersion (AWS::Lambda::Version): Description changes'."""
    told = [(verb(change), name(change), change) for change in map(_resource, changes)]
    told.sort(key=lambda item: (list(VERBS).index(item[0]), item[1]))
    return [_line(done, change) for done, _, change in told]


def with_nested(changes: Changes, nested: Mapping[str, Changes] = NONE_NESTED) -> list[dict[str, Any]]:
    """The changes followed by those of nested stacks, whose logical names become 'Stack/Name'.

    `nested` holds the Changes of their change sets, by the ChangeSetId that a stack's own change names."""
    found: list[dict[str, Any]] = []
    for change in map(_resource, changes):
        found.append({"ResourceChange": change})
        inner = dict(nested)
        for below in with_nested(inner.pop(str(change.get("ChangeSetId", "")), ()), inner):
            own = below["ResourceChange"]
            found.append({"ResourceChange": {**own, "LogicalResourceId": f"{name(change)}/{name(own)}"}})
    return found


def nested_sets(changes: Changes) -> list[str]:
    """The change sets of the nested stacks that changes name, by their ids."""
    return [str(c["ChangeSetId"]) for c in map(_resource, changes) if c.get("ChangeSetId")]


def name(change: Mapping[str, Any]) -> str:
    """A resource change's logical name, fit to be shown."""
    return one_line(change.get("LogicalResourceId", "?"), 255)


def verb(change: Mapping[str, Any]) -> str:
    """What happens to a resource: one of VERBS. What is not known may be anything: 'may change'."""
    action = change.get("Action")
    if action == "Modify":
        known = {"True": "replaced", "Conditional": "may be replaced", "False": "changed"}
        return known.get(str(change.get("Replacement") or _derived(change)), "may be replaced")
    if action == "Remove" and change.get("PolicyAction") == "Retain":
        return "left behind"
    return ACTIONS.get(str(action), "may change")


def _resource(change: Mapping[str, Any]) -> Mapping[str, Any]:
    found = change.get("ResourceChange")
    return found if isinstance(found, Mapping) else {}


def _derived(change: Mapping[str, Any]) -> str:
    """Whether it is replaced, from the details, where the change itself does not say."""
    wanted = {d.get("Target", {}).get("RequiresRecreation", "Never") for d in change.get("Details", ())}
    return "False" if wanted == {"Never"} else "Conditional"


def _line(done: str, change: Mapping[str, Any]) -> str:
    why = [*_properties(change), VERBS[done], POLICIES.get(str(change.get("PolicyAction")), "")]
    if change.get("ResourceType") == NESTED and done == "changed" and not change.get("ChangeSetId"):
        why.append("what changes within it is not shown")
    text = "; ".join(part for part in why if part)
    kind = one_line(change.get("ResourceType", "?"), 120)
    return f"{done:<{WIDTH}}{name(change)} ({kind})" + (f": {text}" if text else "")


def _properties(change: Mapping[str, Any]) -> list[str]:
    """'Code, Role change' for certain, and 'Layers may change' where another resource decides it."""
    certain: dict[str, bool] = {}
    for detail in change.get("Details", ()):
        target = detail.get("Target", {})
        attribute = str(target.get("Attribute", "?"))
        what = str(target.get("Name") or attribute) if attribute == "Properties" else attribute
        certain[what] = certain.get(what, False) or detail.get("Evaluation", "Static") == "Static"
    sure, maybe = (
        [one_line(w, 80) for w, c in sorted(certain.items()) if c is wanted] for wanted in (True, False)
    )
    said = [f"{', '.join(sure)} change{'s' * (len(sure) == 1)}"] if sure else []
    return said + ([f"{', '.join(maybe)} may change"] if maybe else [])

"""A template's values worked out as far as its parameters reach (pure).

What depends on anything else (another resource, an account, a parameter that is looked up) stays the
intrinsic that it is. What is malformed stays too: CloudFormation refuses it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.components.nodes import compose
from runner.components.stack import check_yaml
from runner.errors import SolutionError

SUB = re.compile(r"\$\{([^}]*)\}")
NO_VALUE = {"Ref": "AWS::NoValue"}


def composed(text: str) -> Any:
    """The root node of a template. Raises SolutionError for what is none, or could blow up a reader."""
    check_yaml(text.encode("utf-8", "replace"), where="template")
    return compose(text)


def data(node: Any) -> Any:
    """A node as text, list or dict; short forms (!Ref) are long ones, every scalar is text."""
    plain = _plain(node)
    if not node.tag.startswith("!"):
        return plain
    name = node.tag[1:]
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": plain}


def _plain(node: Any) -> Any:
    if node.id == "sequence":
        return [data(item) for item in node.value]
    if node.id == "scalar":
        return node.value
    if any(key.id != "scalar" for key, _ in node.value):
        raise SolutionError("a key is no text", where=f"template: line {node.start_mark.line + 1}")
    return {key.value: data(value) for key, value in node.value}


def target(value: Any) -> tuple[str, str]:
    """What a value refers to: (logical name, attribute or ''); ('', '') if it is no such reference."""
    if not isinstance(value, dict) or len(value) != 1:
        return "", ""
    [(function, argument)] = value.items()
    if function == "Ref" and isinstance(argument, str):
        return argument, ""
    if function == "Fn::GetAtt":
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) == 2 and all(isinstance(p, str) for p in parts):
            return parts[0], parts[1]
    return "", ""


@dataclass(frozen=True)
class Template:
    """A template and its parameters' values. `hidden`: those marked NoEcho stay unresolved."""

    body: Mapping[str, Any]
    values: Mapping[str, str]
    hidden: bool = False

    @classmethod
    def read(cls, text: str, values: Mapping[str, str], *, hidden: bool = False) -> Template:
        """Raises SolutionError for a text that is no template."""
        body = data(composed(text))
        if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
            raise SolutionError("it has no Resources", where="template")
        return cls(body, values, hidden)

    def resources(self, *types: str) -> dict[str, dict[str, Any]]:
        """Resources of some types by logical name, without those whose condition is known not to hold."""
        return {
            name: resource
            for name, resource in self.body["Resources"].items()
            if isinstance(resource, dict)
            and resource.get("Type") in types
            and self.truth({"Condition": resource.get("Condition", "")}) is not False
        }

    def raw(self, name: str) -> dict[str, Any]:
        """A resource's properties as they are written; none where there are none."""
        resource = self.body["Resources"].get(name)
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        return properties if isinstance(properties, dict) else {}

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties, resolved."""
        resolved = self.resolve(self.raw(name))
        return resolved if isinstance(resolved, dict) else {}

    def resolve(self, value: Any) -> Any:
        """A value with everything worked out that the parameters decide."""
        if isinstance(value, list):
            return [r for r in map(self.resolve, value) if r != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in FUNCTIONS:
                return self._called(name, argument)
        return {k: r for k, v in value.items() if (r := self.resolve(v)) != NO_VALUE}

    def truth(self, expression: Any, above: tuple[str, ...] = ()) -> bool | None:
        """Whether a condition holds; None where that cannot be told from here."""
        if not isinstance(expression, dict) or len(expression) != 1:
            return None
        [(name, argument)] = expression.items()
        if name == "Condition":
            named = self._section("Conditions").get(argument) if isinstance(argument, str) else None
            return None if named is None or argument in above else self.truth(named, (*above, argument))
        operands = argument if isinstance(argument, list) else []
        if name == "Fn::Equals" and len(operands) == 2:
            return _same(*map(self.resolve, operands))
        if name in LOGIC and operands:
            return LOGIC[name]([self.truth(o, above) for o in operands])
        return None

    def _called(self, name: str, argument: Any) -> Any:
        try:
            return FUNCTIONS[name](self, argument)
        except (TypeError, ValueError, LookupError, AttributeError):
            return {name: argument}

    def _section(self, name: str) -> dict[str, Any]:
        section = self.body.get(name)
        return section if isinstance(section, dict) else {}

    def declared(self, name: str) -> dict[str, Any]:
        """A parameter's declaration, empty where there is none."""
        declared = self._section("Parameters").get(name)
        return declared if isinstance(declared, dict) else {}

    def is_secret(self, name: str) -> bool:
        """Whether a parameter's value is not to be shown."""
        return str(self.declared(name).get("NoEcho", "")).lower() == "true"

    def _ref(self, name: str) -> Any:
        declared = self.declared(name)
        value = self.values.get(name, declared.get("Default"))
        kind = str(declared.get("Type", ""))
        if value is None or (self.hidden and self.is_secret(name)):
            return {"Ref": name}
        if kind.startswith("AWS::SSM::"):  # its value is a name; what that stands for is looked up
            return {"Ref": name, "Value": value}
        return value.split(",") if kind.startswith(("List<", "CommaDelimitedList")) else value

    def _sub(self, argument: Any) -> Any:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        open_: dict[str, Any] = {}

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            value = self.resolve(given[name]) if name in given else self._variable(name)
            if not isinstance(value, str):
                open_[name] = value
            return value if isinstance(value, str) else match[0]

        done = SUB.sub(replace, text)
        if len(open_) == 1 and done == f"${{{next(iter(open_))}}}":
            return next(iter(open_.values()))
        return {"Fn::Sub": [done, open_]} if open_ else done

    def _variable(self, name: str) -> Any:
        return {"Fn::GetAtt": name.split(".", 1)} if "." in name else self._ref(name)

    def _if(self, argument: Any) -> Any:
        name, then, otherwise = argument
        truth = self.truth({"Condition": name})
        if truth is None:
            condition = self.resolve(self._section("Conditions").get(name, name))
            return {"Fn::If": [condition, self.resolve(then), self.resolve(otherwise)]}
        return self.resolve(then if truth else otherwise)

    def _join(self, argument: Any) -> Any:
        by, items = argument[0], self.resolve(argument[1])
        return by.join(items) if _texts(items) else {"Fn::Join": [by, items]}

    def _split(self, argument: Any) -> Any:
        by, text = argument[0], self.resolve(argument[1])
        return text.split(by) if isinstance(text, str) else {"Fn::Split": [by, text]}

    def _select(self, argument: Any) -> Any:
        index, items = self.resolve(argument[0]), self.resolve(argument[1])
        known = isinstance(items, list) and isinstance(index, str)
        return items[int(index)] if known else {"Fn::Select": [index, items]}

    def _find(self, argument: Any) -> Any:
        found: Any = self._section("Mappings")
        keys = [self.resolve(key) for key in argument]
        for key in keys:
            if not isinstance(key, str):
                return {"Fn::FindInMap": [*keys, self._section("Mappings").get(keys[0])]}
            found = found[key]
        return found


def texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def _texts(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, str) for item in items)


def _same(one: Any, other: Any) -> bool | None:
    return one == other if isinstance(one, str) and isinstance(other, str) else None


def _all(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _not(truths: list[bool | None]) -> bool | None:
    return None if truths[0] is None else not truths[0]


def _any(truths: list[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


LOGIC: dict[str, Callable[[list[bool | None]], bool | None]] = {
    "Fn::And": _all,
    "Fn::Or": _any,
    "Fn::Not": _not,
}
FUNCTIONS: dict[str, Callable[[Template, Any], Any]] = {
    "Ref": Template._ref,
    "Fn::Sub": Template._sub,
    "Fn::If": Template._if,
    "Fn::Join": Template._join,
    "Fn::Split": Template._split,
    "Fn::Select": Template._select,
    "Fn::FindInMap": Template._find,
}

"""pydantic's errors as Lockgate's: file, line, the offending value, what is allowed, did you mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from runner.config.yaml_lines import Document, Loc
from runner.errors import Problem


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean X?' where something known is near, else the list of what is known."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, 1, 0.5)
    return f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(names) or 'nothing'}"


def problems(document: Document, error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every error of a validation, in the order of the file's lines."""
    found = [_problem(document, e, model) for e in error.errors(include_url=False)]
    return sorted(set(found), key=lambda p: (p.line, p.what))


def _problem(document: Document, error: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    loc = _data_path(document.data, error["loc"], error["type"] == "missing")
    where, value = ".".join(map(str, loc)) or "the file", _shown(error.get("input"))
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        what, allowed = (
            f"unknown field {where!r}",
            did_you_mean(str(loc[-1]), _fields(model, error["loc"][:-1])),
        )
    elif kind == "missing":
        what, allowed = f"{where!r} is missing", "it is required"
    elif kind == "union_tag_invalid":
        what = f"{where}.kind: {context.get('tag')!r} is no known kind"
        allowed = did_you_mean(
            str(context.get("tag")), context.get("expected_tags", "").replace("'", "").split(", ")
        )
    elif kind == "union_tag_not_found":
        what, allowed = f"{where!r} has no 'kind'", "every component, and a stage named otherwise, needs one"
    elif kind == "literal_error":
        what = f"{where}: {value} is not allowed"
        allowed = did_you_mean(str(error.get("input")), _words(context.get("expected", "")))
    else:
        about = "" if value in ("dict", "list") else f"{value}: "  # what nobody wrote so
        what, allowed = f"{where}: {about}{error['msg'].removeprefix('Value error, ')}", ""
    return Problem(document.file, document.line(loc), what, allowed)


def _words(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def _data_path(data: Any, loc: Loc, is_missing: bool) -> Loc:
    """pydantic puts a union's tag, or its type, into the location; the file has no such level. The last part
    of what is missing is not there either."""
    path: list[str | int] = []
    for depth, part in enumerate(loc):
        last = is_missing and depth == len(loc) - 1
        if part == "[key]" and not (isinstance(data, dict) and part in data):
            continue  # pydantic's mark of a key that is wrong itself, unless a file's author chose that name
        if isinstance(data, dict) and (part in data or last):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not last:
            continue
        path.append(part)
    return tuple(path)


def _fields(annotation: Any, loc: Loc) -> set[str]:
    """The field names that a model has at a location of a validation error."""
    if get_origin(annotation) is Annotated:
        return _fields(get_args(annotation)[0], loc)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        if not loc:
            return set(fields)
        return _fields(fields[str(loc[0])].annotation, loc[1:]) if loc[0] in fields else set()
    arguments = get_args(annotation)
    if get_origin(annotation) in (dict, tuple, list):
        return _fields(arguments[-1] if get_origin(annotation) is dict else arguments[0], loc[1:])
    return _union_fields(arguments, loc)


def _union_fields(members: tuple[Any, ...], loc: Loc) -> set[str]:
    for member in members:
        kinds = member.model_fields.get("kind") if hasattr(member, "model_fields") else None
        if kinds is not None and loc and loc[0] in get_args(kinds.annotation):
            return _fields(member, loc[1:])
    plain = [m for m in members if hasattr(m, "model_fields") and "kind" not in m.model_fields]
    return _fields(plain[0], loc) if plain else set()

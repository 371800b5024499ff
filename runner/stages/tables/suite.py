"""Great Expectations suites (their own JSON), read as hostile input, and the ids of their checks.

The ids are computed from the suite alone, before anything is validated, so that an expectation
which an engine drops (Great Expectations drops invalid ones with only a log line) is missed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.config.json_strict import read_json
from runner.errors import ConfigError, Problem
from runner.text import one_line

MAX_ID = 240
COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation as the suite states it; `id` is its check's id, unique in the stage."""

    id: str
    type: str
    kwargs: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def severity(self) -> str:
        """'critical' (the default), 'warning' or 'info'."""
        return str(self.config.get("severity") or "critical")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values it looks at; none where it is about the table as a whole."""
        if self.type.startswith("expect_table_"):
            return ()
        return named_columns(self.kwargs)


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite file: `path` as configured, sha256 of its bytes, its expectations in their order."""

    name: str
    path: str
    sha256: str
    parameters: Mapping[str, Any]
    expectations: tuple[Expectation, ...]


def read_suite(root: Path, path: str, table: str) -> Suite:
    """Read a suite file of a solution; raises ConfigError with every problem found in it."""
    file = read_json(root / path, path)
    document = file.data
    problems = _problems(document, path)
    if problems:
        raise ConfigError(problems)
    configs = document["expectations"]
    ids = check_ids(table, configs)
    expectations = tuple(
        Expectation(id, config["type"], config.get("kwargs") or {}, config)
        for id, config in zip(ids, configs, strict=True)
    )
    parameters = document.get("suite_parameters") or {}
    name = str(document.get("name") or table)
    return Suite(name, path, hashlib.sha256(file.raw).hexdigest(), parameters, expectations)


def read_suites(root: Path, paths: Mapping[str, str]) -> dict[str, Suite]:
    """Every table's suite (its path by the table's name); raises ConfigError with all problems of all."""
    suites: dict[str, Suite] = {}
    problems: list[Problem] = []
    for table, path in paths.items():
        try:
            suites[table] = read_suite(root, path, table)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return suites


def named_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that an expectation's arguments name, in order."""
    names: list[str] = []
    for key in COLUMN_KEYS:
        value = kwargs.get(key)
        names += value if isinstance(value, list) else [value] if value is not None else []
    return tuple(str(name) for name in names)


def check_ids(table: str, configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A unique id each: table/type(columns), then the other arguments, then #2, where needed."""
    short = [_label(table, config, full=False) for config in configs]
    repeated = Counter(short)
    labels = [
        label if repeated[label] == 1 else _label(table, config, full=True)
        for label, config in zip(short, configs, strict=True)
    ]
    seen: Counter[str] = Counter()
    unique = []
    for label in labels:
        seen[label] += 1
        unique.append(label if seen[label] == 1 else f"{label}#{seen[label]}")
    return unique


def _label(table: str, config: Mapping[str, Any], *, full: bool) -> str:
    kwargs = config.get("kwargs") or {}
    parts = list(named_columns(kwargs))
    if full:
        rest = {k: v for k, v in sorted(kwargs.items()) if k not in (*COLUMN_KEYS, "row_condition")}
        parts += [f"{k}={one_line(json.dumps(v), 40)}" for k, v in rest.items()]
    where = kwargs.get("row_condition")
    if where:
        parts.append("where " + (where if isinstance(where, str) else json.dumps(where)))
    arguments = f"({', '.join(parts)})" if parts else ""
    return one_line(f"{table}/{config['type']}{arguments}", MAX_ID)


def _problems(document: Mapping[str, Any], shown: str) -> list[Problem]:
    configs = document.get("expectations")
    if not isinstance(configs, list):
        return [Problem(shown, 0, "`expectations` must be a list")]
    if not configs:
        return [Problem(shown, 0, "no expectations: a suite that cannot fail shows nothing")]
    problems = [p for n, config in enumerate(configs, 1) for p in _config_problems(config, n, shown)]
    if not isinstance(document.get("suite_parameters") or {}, dict):
        problems.append(Problem(shown, 0, "`suite_parameters` must be an object"))
    if not problems and all(c.get("severity") in ("warning", "info") for c in configs):
        problems.append(Problem(shown, 0, "every expectation is a warning: nothing here can fail"))
    return problems


def _config_problems(config: object, number: int, shown: str) -> list[Problem]:
    if not isinstance(config, dict):
        return [Problem(shown, 0, f"expectation {number} must be an object")]
    if "type" not in config and "expectation_type" in config:
        hint = "`expectation_type` is of Great Expectations 0.x; 1.x calls it `type`"
        return [Problem(shown, 0, f"expectation {number} has no `type`", hint)]
    problems = []
    if not isinstance(config.get("type"), str):
        problems.append(Problem(shown, 0, f"expectation {number}: `type` must be a name"))
    if not isinstance(config.get("kwargs") or {}, dict):
        problems.append(Problem(shown, 0, f"expectation {number}: `kwargs` must be an object"))
    if not isinstance(config.get("meta") or {}, dict):
        problems.append(Problem(shown, 0, f"expectation {number}: `meta` must be an object"))
    return problems

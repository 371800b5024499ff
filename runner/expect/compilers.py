"""Expectation type -> what compiles it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runner.expect.compile import aggregates, distinct, maps, pairs, records, relative, shapes, types, unique
from runner.expect.compiled import Compiled
from runner.expect.scope import Scope

Compile = Callable[[Mapping[str, Any], Scope], Compiled]
FAMILIES = (shapes, maps, aggregates, distinct, unique, pairs, records, relative, types)
COMPILERS: dict[str, Compile] = {name: each for family in FAMILIES for name, each in family.COMPILERS.items()}

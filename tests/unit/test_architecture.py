"""Imports point one way, and what touches the world is imported in one place (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

RUNNER = Path(__file__).parents[2] / "runner"
FILES = sorted(p for p in RUNNER.rglob("*.py") if "_data" not in p.parts)

# Library -> the only place that may import it.
ONLY = {
    "click": ("cli/",),
    "subprocess": ("adapters/shell.py",),
    "boto3": ("adapters/aws.py",),
    "botocore": ("adapters/aws.py",),
    "docker": ("adapters/docker.py",),
    "rich": ("report/console.py",),
    "jinja2": ("report/",),
    "great_expectations": ("stages/tables/",),
    "pyspark": ("stages/tables/spark_session.py",),
    "pytest": ("stages/reporter/",),
    "ministack": ("sandbox/server.py",),
    "cryptography": ("adapters/signing.py",),
    "securesystemslib": ("adapters/signing.py",),
    "psycopg": ("adapters/postgres.py",),
    "sqlglot": ("sources/",),
    "pickle": (),
    "joblib": (),
}
# Package -> what it may import of ours. Unlisted modules are the flow on top (run, steps, wiring).
MAY = {
    "errors": set(),
    "model": set(),
    "adapters": {"errors", "model"},
    "resources": {"errors"},
    "versions": set(),
    "text": set(),
    "wire": {"errors", "model", "adapters"},
    "config": {"errors", "model", "resources"},
    "environment": {"errors", "model", "adapters", "config"},
    "drift": set(),
    "contract": {"errors", "config", "expect", "sources"},
    "expect": {"errors", "text"},
    "sources": {"errors", "model", "text", "adapters", "config", "expect"},
    "plan": {"errors", "model", "config"},
    "profile": {"errors", "model", "adapters", "config", "expect", "sources", "stages", "sandbox"},
    "judge": {"errors", "model", "adapters", "config", "stages"},
    "sandbox": {"errors", "model", "adapters", "versions"},
    "components": {"errors", "model", "adapters", "config", "resources"},
    "verdict": {"model", "stages"},
    "stages": {
        "errors",
        "model",
        "adapters",
        "config",
        "resources",
        "wire",
        "verdict",
        "judge",
        "expect",
        "drift",
        "sources",
        "components",
        "contract",
        "sandbox",
        "incident",
    },
    "incident": {"errors", "model", "adapters", "manifest", "report"},
    "sweep": {"errors", "adapters", "stages"},
    "compile": {"errors", "model", "config", "remote"},
    "hosts": {"errors", "model", "adapters", "config", "stages", "verdict", "remote"},
    "remote": {
        "errors",
        "model",
        "adapters",
        "config",
        "wire",
        "environment",
        "sandbox",
        "hosts",
        "stages",
        "verdict",
    },
    "history": {"errors", "model", "adapters", "wire"},
    "report": {"errors", "model", "adapters"},
    "worker": {"errors", "adapters", "components", "interrupts", "sandbox"},
    "manifest": {"errors", "model", "report", "config"},
    "merge": {"errors", "adapters"},
    "export": {"errors", "model", "adapters", "components", "config", "manifest"},
    "kept": {"errors", "model", "evidence", "manifest", "remote", "stages", "wire"},
    "release": {
        "errors",
        "model",
        "adapters",
        "components",
        "config",
        "evidence",
        "history",
        "manifest",
        "stages",
    },
    "evidence": {"errors", "model", "adapters", "config", "manifest", "report", "stages", "verdict", "wire"},
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def package(path: Path) -> str:
    return path.relative_to(RUNNER).parts[0].removesuffix(".py")


def ours(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imports(path) if name.startswith("runner.")}
    return names - {package(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(RUNNER)))
def test_a_library_with_side_effects_is_imported_in_its_place_only(path: Path) -> None:
    where = path.relative_to(RUNNER).as_posix()
    for name in {i.split(".")[0] for i in imports(path)} & set(ONLY):
        assert where.startswith(ONLY[name] or ("-",)), f"{where} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(RUNNER)))
def test_imports_point_one_way(path: Path) -> None:
    if package(path) in MAY:
        assert ours(path) <= MAY[package(path)] | {"text"}


def test_only_the_command_line_imports_the_wiring() -> None:
    importers = {package(p) for p in FILES if "wiring" in ours(p)}
    assert importers == {"cli"}


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """Imports at a module's top only: those inside a function wait until it is called."""
    graph = {}
    for path in FILES:
        top = ast.Module([n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ImportFrom)], [])
        name = ".".join(["runner", *path.relative_to(RUNNER).with_suffix("").parts]).removesuffix(".__init__")
        graph[name] = {n.module for n in top.body if isinstance(n, ast.ImportFrom) and n.module} & {
            ".".join(["runner", *p.relative_to(RUNNER).with_suffix("").parts]).removesuffix(".__init__")
            for p in FILES
        } - {name}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(RUNNER)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(RUNNER)))
def test_functions_stay_small(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= 40, f"{node.name} has {lines} lines"

"""What a buildspec may hold, as far as the tests' runner understands it; the rest is refused.

Sources: AWS CodeBuild User Guide, "Build specification reference", "Batch build buildspec reference" and
"Quotas" (test reports)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

CASES, NAME, MESSAGE, GROUPS = 500, 1_000, 5_000, 5
PHASES = {"install", "pre_build", "build", "post_build"}
KEYS = {
    "": {"version", "batch", "env", "phases", "reports", "artifacts", "cache"},
    "batch": {"fast-fail", "build-graph"},
    "build": {"identifier", "env", "depend-on", "ignore-failure"},
    "env": {"variables", "exported-variables", "shell"},
    "phase": {"commands", "finally", "on-failure"},
    "report": {"files", "base-directory", "file-format"},
    "artifacts": {"files", "name", "base-directory", "discard-paths"},
    "cache": {"paths"},
}


class BuildspecError(ValueError):
    """CodeBuild would not take the buildspec, or the runner does not know what it would do."""


def check(spec: Any) -> dict[str, Any]:
    """The buildspec itself; raises BuildspecError with the place of what is wrong."""
    _keys("the buildspec", spec, KEYS[""])
    _must(str(spec.get("version")) == "0.2", "version is not 0.2")
    _must("phases" in spec, "there are no phases")
    _env(spec.get("env", {}))
    if "batch" in spec:
        _batch(spec["batch"])
    _keys("phases", spec["phases"], PHASES)
    for name, phase in spec["phases"].items():
        _phase(f"phases/{name}", phase)
    _must(len(spec.get("reports", {})) <= GROUPS, f"reports: more than {GROUPS} groups")
    for group, report in spec.get("reports", {}).items():
        _keys(f"reports/{group}", report, KEYS["report"])
        _files(f"reports/{group}", report)
        _must(report.get("file-format", "JUNITXML").upper() == "JUNITXML", f"reports/{group}: not JUNITXML")
    if "artifacts" in spec:
        _keys("artifacts", spec["artifacts"], KEYS["artifacts"])
        _files("artifacts", spec["artifacts"])
    if "cache" in spec:
        _keys("cache", spec["cache"], KEYS["cache"])
        _strings("cache/paths", spec["cache"].get("paths"))
    return dict(spec)


def _batch(batch: Any) -> None:
    _keys("batch", batch, KEYS["batch"])
    builds = batch.get("build-graph")
    _must(isinstance(builds, list) and bool(builds), "batch/build-graph: a list is needed")
    for build in builds:
        _keys("batch/build-graph", build, KEYS["build"])
        name = str(build.get("identifier", ""))
        _must(bool(re.fullmatch("[A-Za-z0-9_]{1,128}", name)), f"batch: {name!r} is no identifier")
        _env(build.get("env", {}))
    graph = {b["identifier"]: b.get("depend-on", []) for b in builds}
    _must(len(graph) == len(builds), "batch/build-graph: an identifier is there twice")
    _must({n for names in graph.values() for n in names} <= set(graph), "batch: depend-on names no build")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        raise BuildspecError("batch/build-graph: it is a circle") from None


def _env(env: Any) -> None:
    _keys("env", env, KEYS["env"])
    _must(env.get("shell", "/bin/sh") == "/bin/sh", "env/shell: only /bin/sh is run here")
    for name, value in env.get("variables", {}).items():
        _must(not name.startswith("CODEBUILD_"), f"env/variables/{name}: CODEBUILD_ is reserved")
        _must(
            isinstance(value, str), f"env/variables/{name}: quote it, YAML makes it a {type(value).__name__}"
        )
    if "exported-variables" in env:
        _strings("env/exported-variables", env["exported-variables"])
        taken = [name for name in env["exported-variables"] if name.startswith("AWS_")]
        _must(not taken, f"env/exported-variables: {taken} cannot be exported")


def _phase(where: str, phase: Any) -> None:
    _keys(where, phase, KEYS["phase"])
    _strings(f"{where}/commands", phase.get("commands"))
    if "finally" in phase:
        _strings(f"{where}/finally", phase["finally"])
    _must(phase.get("on-failure", "ABORT") in ("ABORT", "CONTINUE"), f"{where}/on-failure: not known here")


def _files(where: str, holder: Mapping[str, Any]) -> None:
    _strings(f"{where}/files", holder.get("files"))
    base = str(holder.get("base-directory", "."))
    _must(".." not in base.split("/") and not base.startswith("/"), f"{where}: its base leaves the source")


def _strings(where: str, value: Any) -> None:
    _must(isinstance(value, list) and bool(value), f"{where}: a list is needed")
    _must(all(isinstance(item, str) and item for item in value), f"{where}: not all are strings")


def _keys(where: str, value: Any, known: set[str]) -> None:
    _must(isinstance(value, Mapping), f"{where}: not a mapping")
    unknown = sorted(map(str, set(value) - known))
    _must(not unknown, f"{where}: {', '.join(unknown)} is not known to this runner")


def _must(condition: bool, problem: str) -> None:
    if not condition:
        raise BuildspecError(problem)

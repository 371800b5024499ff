"""Executes a buildspec as AWS CodeBuild would, for the tests: here with sh, or in an image.

After the CodeBuild User Guide ("Build specification reference", "Build phase transitions", "Environment
variables in build environments") and, where it is silent, what builds' logs show:

- one shell a phase (`separate=True`: one a command, with its folder and exported variables handed on;
  both are seen in the wild, so a buildspec should not care); the first command that fails ends the
  phase's commands, `finally` follows, and any failure fails the phase;
- a failed install or pre_build ends the build; post_build and UPLOAD_ARTIFACTS follow a failed build;
- UPLOAD_ARTIFACTS fails where no artifact, or for a report group no file, is found;
- a report's failed cases fail nothing; of more than 500 cases the failed ones are kept.

A build's machine is a function `(script, environment) -> (exit status, output)`.
"""

from __future__ import annotations

import glob
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import yaml
from defusedxml import ElementTree
from helpers.buildspec_rules import CASES, MESSAGE, NAME, check

PHASES = ("install", "pre_build", "build", "post_build")
# What is sourced before a phase or command, and left after it, however it ended.
HEAD = '. "{state}/env"\ncd "$(cat "{state}/cwd")"\nexport CODEBUILD_BUILD_SUCCEEDING={now}\n'
TRAP = """trap 'export -p > "{state}/env"; pwd > "{state}/cwd"' EXIT\n"""

Machine = Callable[[str, Mapping[str, str]], tuple[int, str]]


@dataclass(frozen=True)
class Report:
    """One group's report: its cases by name, those that failed, whether cases were cut, broken limits."""

    cases: int = 0
    failed: tuple[str, ...] = ()
    truncated: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Build:
    """A finished build. `phases` has what ran, UPLOAD_ARTIFACTS too; `artifacts` is a folder."""

    status: str
    phases: Mapping[str, str]
    exported: Mapping[str, str]
    artifacts: Path
    name: str
    reports: Mapping[str, Report]
    log: str

    @property
    def files(self) -> set[str]:
        return {p.relative_to(self.artifacts).as_posix() for p in self.artifacts.rglob("*") if p.is_file()}


def local(script: str, env: Mapping[str, str]) -> tuple[int, str]:
    """The machine at hand."""
    done = subprocess.run(["/bin/sh", script], env=dict(env), capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@dataclass
class Builder:
    """Runs one buildspec over `source`. `state` is a folder for the shells' state; both are given as
    (here, on the machine). `project` and `start` are the variables of the project and of StartBuild."""

    source: tuple[Path, str]
    state: tuple[Path, str]
    machine: Machine = local
    base: Mapping[str, str] = field(default_factory=dict)
    project: Mapping[str, str] = field(default_factory=dict)
    start: Mapping[str, str] = field(default_factory=dict)
    separate: bool = False
    succeeding: bool = True
    phases: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def build(self, text: str) -> Build:
        """Run to the end; raises BuildspecError for what CodeBuild, or this runner, would not take."""
        spec: dict[str, Any] = check(yaml.safe_load(text))
        self._begin(spec)
        reports: dict[str, Report] = {}
        name, uploads = "", self._run_phases(spec["phases"])
        env = self._environment()
        exported = {n: env[n] for n in spec.get("env", {}).get("exported-variables", []) if n in env}
        if uploads:
            name, reports = self._upload(spec)
        status = "SUCCEEDED" if all(s == "SUCCEEDED" for s in self.phases.values()) else "FAILED"
        return Build(status, self.phases, exported, self._uploaded, name, reports, "".join(self.log))

    @property
    def _uploaded(self) -> Path:
        return self.state[0] / "artifacts"

    def _begin(self, spec: Mapping[str, Any]) -> None:
        self._uploaded.mkdir()
        given = spec.get("env", {}).get("variables", {})
        self.variables = {
            **self.base,
            **{name: str(value) for name, value in given.items()},
            **self.project,
            **self.start,
            "HOME": "/root",
            "CODEBUILD_SRC_DIR": self.source[1],
        }
        (self.state[0] / "cwd").write_text(self.source[1])
        self._script('export -p > "{state}/env"\n', "begin", bare=True)

    def _script(self, body: str, name: str, *, bare: bool = False) -> int:
        """Have the machine run a script; its exit status."""
        text = (body if bare else HEAD + body).replace("{now}", str(int(self.succeeding)))
        (self.state[0] / name).write_text(text.replace("{state}", self.state[1]), encoding="utf-8")
        env = self.variables if bare else {"PATH": "/usr/bin:/bin"}
        code, output = self.machine(f"{self.state[1]}/{name}", env)
        self.log.append(output)
        return code

    def _run_phases(self, phases: Mapping[str, Any]) -> bool:
        """Run the phases; whether UPLOAD_ARTIFACTS follows."""
        for name in PHASES:
            if name not in phases:
                continue
            passed = self._run_phase(name, phases[name])
            self.phases[name] = "SUCCEEDED" if passed else "FAILED"
            on_failure = phases[name].get("on-failure")
            ends = name in ("install", "pre_build") and on_failure != "CONTINUE"
            if not passed and (ends or on_failure == "ABORT"):
                return False
        return True

    def _run_phase(self, name: str, phase: Mapping[str, Any]) -> bool:
        passed = self._run_commands(name, phase.get("commands", []))
        self.succeeding = self.succeeding and passed
        ended = self._run_commands(f"{name}-finally", phase.get("finally", []))
        self.succeeding = self.succeeding and ended
        return passed and ended

    def _run_commands(self, name: str, commands: list[str]) -> bool:
        """Run commands until one fails. Each is a file, so that nothing of it is quoted anew."""
        for number, command in enumerate(commands):
            (self.state[0] / f"{name}-{number}.sh").write_text(command + "\n", encoding="utf-8")
        each = [f'. "{{state}}/{name}-{n}.sh"\n' for n in range(len(commands))]
        if self.separate:
            return all(self._script(TRAP + one, f"{name}-{n}") == 0 for n, one in enumerate(each))
        guarded = [f'{one}code=$?; [ "$code" = 0 ] || exit "$code"\n' for one in each]
        return not each or self._script(TRAP + "".join(guarded), name) == 0

    def _environment(self) -> dict[str, str]:
        self._script('env -0 > "{state}/env0"\n', "environment")
        pairs = (self.state[0] / "env0").read_text(encoding="utf-8").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def _upload(self, spec: Mapping[str, Any]) -> tuple[str, dict[str, Report]]:
        """The artifacts' name, and the reports; what is not found fails the phase."""
        problems = []
        wanted = spec.get("artifacts")
        if wanted and not self._collect(wanted):
            problems.append("no matching artifact paths found")
        reports = {}
        for group, where in spec.get("reports", {}).items():
            found = self._found(where)
            if not found:
                problems.append(f"{group}: report files not found in build")
            reports[group] = read_report(found)
        self.phases["UPLOAD_ARTIFACTS"] = "FAILED" if problems else "SUCCEEDED"
        self.log.extend(f"UPLOAD_ARTIFACTS: {problem}\n" for problem in problems)
        return self._named(wanted or {}), reports

    def _named(self, wanted: Mapping[str, Any]) -> str:
        """The artifacts' name as the shell expands it."""
        self._script(f'printf %s "{wanted.get("name", "")}" > "{{state}}/name"\n', "naming")
        return (self.state[0] / "name").read_text(encoding="utf-8")

    def _collect(self, wanted: Mapping[str, Any]) -> int:
        found = self._found(wanted)
        for path, relative in found.items():
            target = self._uploaded / (path.name if wanted.get("discard-paths") else relative)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return len(found)

    def _found(self, wanted: Mapping[str, Any]) -> dict[Path, str]:
        """The files that are meant, with their paths below the base folder; a pattern finds no hidden one."""
        root, found = self.source[0], {}
        for base in glob.glob(wanted.get("base-directory", "."), root_dir=root):  # noqa: PTH207 - Path.glob finds them
            for pattern in wanted["files"]:
                names = glob.glob(pattern, root_dir=root / base, recursive=True)  # noqa: PTH207
                found |= {root / base / name: name for name in names if (root / base / name).is_file()}
        return found


def read_report(files: Mapping[Path, str]) -> Report:
    """JUnit files as one report, within CodeBuild's limits."""
    cases = [case for path in files for case in ElementTree.parse(path).iter("testcase")]
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    problems = [f"{len(name)} characters of name: {name[:60]}" for name in _names(cases) if len(name) > NAME]
    texts = {_names([case])[0]: _text(case) for case in cases}
    problems += [
        f"{len(text)} characters of message: {name}" for name, text in texts.items() if len(text) > MESSAGE
    ]
    kept = max(min(len(cases), CASES), len(bad))
    return Report(kept, tuple(_names(bad)), len(cases) > CASES, tuple(problems))


def _names(cases: list[Element]) -> list[str]:
    return [case.get("name", "") for case in cases]


def _text(case: Element) -> str:
    return "".join(child.get("message", "") + (child.text or "") for child in case)

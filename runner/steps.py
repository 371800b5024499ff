"""How each kind of step is run: environment, prepare, build, stage. Used by `runner.run` as its Runner."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner import wire
from runner.adapters.cache import cache_dir
from runner.components import BuildJob, component_kind
from runner.components.prepare import prepare
from runner.components.stamped import altered
from runner.config.schema import Model, Solution
from runner.environment import interpreter, solution_python
from runner.hosts import Order, host_kind
from runner.model import Artifact, StageResult, Status, Step
from runner.report.view import Silent, View
from runner.run import Done, result_name
from runner.stages import needs_aws
from runner.stages.child import HANDOVER, Handover
from runner.verdict import Expected, judge_stage


def content_version(sha256: str) -> str:
    """The version of a component that no history has numbered yet: it moves with the content alone."""
    return f"0+sha256.{sha256[:12]}"


@dataclass(slots=True)
class Steps:
    """The runner of a run's steps. `folder` is .lockgate/runs/ID, `aws` the environment of the AWS in use."""

    root: Path
    folder: Path
    run_id: str
    solution: Solution
    aws: Mapping[str, str]
    is_sandbox: bool = True
    commit: str = ""
    host: str = "local"
    view: View = field(default_factory=Silent)

    def run(self, step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        """Run one step; a stage is judged, the others raise what goes wrong."""
        if step.kind == "stage":
            return Done(self._stage(step, artifacts))
        begun, artifact = time.monotonic(), None
        if step.kind == "build":
            artifact = self._build(step, artifacts)
        else:
            self._before(step)
        cause = self._altered(step)
        status = Status.FAILED if cause else Status.PASSED
        seconds = time.monotonic() - begun
        return Done(
            StageResult(result_name(step), step.kind, status, cause, seconds, usable=bool(cause)), artifact
        )

    def _altered(self, step: Step) -> str:
        """A file that somebody changed after its command had made it: evidence against the run, but
        what the stages find in it is worth knowing too."""
        if step.kind == "prepare":
            return altered(self.root, f"prepare-{step.name}")
        component = self.solution.components.get(step.name) if step.kind == "build" else None
        trained = isinstance(component, Model) and component.train
        return altered(self.root, step.name) if trained else ""

    def handover(self, artifacts: Mapping[str, Artifact]) -> Handover:
        """What a stage's process is handed."""
        python = str(interpreter(self.root, self.solution, cache_dir()))
        return Handover(self.run_id, python, dict(artifacts), self.is_sandbox, self.commit)

    def _log(self, step: Step) -> Path:
        return self.folder / "logs" / f"{step.id.replace(':', '-')}.log"

    def _before(self, step: Step) -> None:
        if step.kind == "environment":
            solution_python(
                self.root,
                self.solution,
                cache_dir(),
                self._log(step),
                lambda line: self.view.note(step.id, line),
            )
            return
        python = interpreter(self.root, self.solution, cache_dir())
        prepare(
            self.root, step.name, self.solution.prepare[step.name], python, self.solution, self._log(step)
        )

    def _build(self, step: Step, artifacts: Mapping[str, Artifact]) -> Artifact:
        component = self.solution.components[step.name]
        out = self.folder / "artifacts"
        out.mkdir(parents=True, exist_ok=True)
        python = interpreter(self.root, self.solution, cache_dir())
        job = BuildJob(
            step.name,
            self.root,
            out,
            cache_dir(),
            self.solution,
            component,
            artifacts,
            python,
            lambda line: self.view.note(step.id, line),
        )
        artifact = component_kind(component.kind)(job)
        return replace(artifact, version=artifact.version or content_version(artifact.sha256))

    def _stage(self, step: Step, artifacts: Mapping[str, Artifact]) -> StageResult:
        stage, out = self.solution.stages[step.name], self.folder / "stages" / step.name
        wire.save(out / HANDOVER, self.handover(artifacts))
        env = dict(self.aws) if needs_aws(stage) else {}
        order = Order(
            step.name,
            self.root,
            out,
            out / HANDOVER,
            stage.timeout,
            stage.memory,
            env,
            lambda check: self.view.progress(step.id, check),
        )
        ending = host_kind(self.host)(order)
        return judge_stage(
            Expected(self.run_id, step.name, stage.kind, stage.timeout, stage.memory, stage.min_checks),
            ending,
        )

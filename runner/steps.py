"""How each kind of step is run: environment, prepare, build, stage. Used by `runner.run` as its Runner."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from runner import wire
from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.cache import cache_dir
from runner.adapters.files import join
from runner.adapters.output import SECRECY
from runner.components import BuildJob, component_kind
from runner.components.prepare import prepare
from runner.components.stamped import altered
from runner.config.schema import DataStage, IntegrationStage, Model, ModelStage, Solution, UnitStage
from runner.earlier import EarlierOf, not_handed
from runner.environment import interpreter, solution_python
from runner.errors import LockgateError
from runner.hosts import Order, Remote, host_kind
from runner.model import Artifact, DataChoices, StageResult, Status, Step
from runner.plan import ENVIRONMENT
from runner.report.view import Silent, View
from runner.run import Done, result_name
from runner.shards import judge_shards
from runner.stages import StageJob, needs_aws
from runner.stages.child import HANDOVER, RESULT, Handover
from runner.stages.sharding import Shard
from runner.stages.variables import taken
from runner.verdict import Ending, Expected, judge_stage


def content_version(artifact: Artifact) -> str:
    """The version of a component that no history numbers: it moves with the content alone."""
    return f"0+sha256.{artifact.sha256[:12]}"


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
    target: AwsTarget | None = None
    settings: Any = None  # the host's
    run_on: Callable[[Order], Ending] | None = None  # instead of the host's own way
    seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # stage -> check -> recorded
    view: View = field(default_factory=Silent)
    connect: Callable[[AwsTarget], Aws] = Aws
    version_of: Callable[[Artifact], str] = content_version
    golden: bool = True  # whether integration stages ask their golden rows
    data: DataChoices = field(default_factory=DataChoices)
    earlier: EarlierOf = not_handed

    def run(self, step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        """Run one step; a stage is judged, the others raise what goes wrong.

        What is raised says where from the run's folder or the solution's, not from this machine's root: it
        stands in the manifest, which is the same wherever the run was."""
        try:
            return self._run(step, artifacts)
        except LockgateError as error:
            for folder in (self.folder, self.root.resolve(), self.root):
                error.where = error.where.replace(f"{folder}/", "")
            raise

    def _run(self, step: Step, artifacts: Mapping[str, Artifact]) -> Done:
        if step.kind == "stage":
            return Done(self._stage(step, artifacts))
        begun, artifact = time.monotonic(), None
        if step.kind == "build":
            artifact = self._build(step, artifacts)
        else:
            self._before(step)
        cause = self._altered(step)
        if artifact is not None:  # what somebody changed gets no number of its own
            version = content_version(artifact) if cause else self.version_of(artifact)
            artifact = replace(artifact, version=version)
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
        return Handover(
            self.run_id,
            python,
            dict(artifacts),
            self.is_sandbox,
            self.commit,
            golden=self.golden,
            data=self.data,
        )

    def for_stage(self, step: Step, handover: Handover) -> Handover:
        """The same with what this stage alone is handed, and has no rights to fetch: the model that an
        environment runs, an endpoint's answers, what earlier runs knew of its tables."""
        stage = self.solution.stages[step.name]
        if self.run_on or not isinstance(stage, DataStage | ModelStage):
            return handover
        if isinstance(stage, DataStage):
            return replace(handover, earlier=self.earlier(step.name, stage))
        from runner.champions import champion_of
        from runner.deploying import World
        from runner.endpoints import answers_of

        world = World(connect=self.connect, say=lambda line: self.view.note(step.id, line))
        real = not self.is_sandbox
        found = (
            champion_of(self.root, stage, cache_dir(), world, real=real),
            answers_of(self.root, stage, self.folder / "given" / step.name, world, real=real),
        )
        return replace(handover, artifacts={**handover.artifacts, **{a.name: a for a in found if a}})

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
            self.commit,
            self.target,
        )
        artifact = component_kind(component.kind)(job)
        facts = SECRECY.redactor().value(artifact.facts)  # a training record is the solution's word
        return replace(artifact, facts=facts)

    def _stage(self, step: Step, artifacts: Mapping[str, Artifact]) -> StageResult:
        stage, out = self.solution.stages[step.name], self.folder / "stages" / step.name
        expected = Expected(self.run_id, step.name, stage.kind, stage.timeout, stage.memory, stage.min_checks)
        if not isinstance(stage, UnitStage) or stage.shards == 1:
            handover = self.for_stage(step, self.handover(artifacts))
            return judge_stage(expected, self._part(step, out, handover))
        handover, shards = self.handover(artifacts), self.shards(step)
        with ThreadPoolExecutor(stage.shards) as pool:
            run = partial(self._shard, step, out, handover)
            result = judge_shards(expected, list(pool.map(run, shards)), stage.suites)
        if result.report is not None:
            wire.save(out / RESULT, result.report)
        join(out / "stage.log", sorted(out.glob("shard-*/stage.log")))
        return result

    def shards(self, step: Step) -> list[Shard]:
        """The shards of a stage; none where it is not cut."""
        stage, seconds = self.solution.stages[step.name], self.seconds.get(step.name, {})
        count = stage.shards if isinstance(stage, UnitStage) and stage.shards > 1 else 0
        return [Shard(n, count, seconds) for n in range(1, count + 1)]

    def _shard(self, step: Step, out: Path, handover: Handover, shard: Shard) -> Ending:
        return self._part(step, out / f"shard-{shard.name}", replace(handover, shard=shard))

    def _part(self, step: Step, out: Path, handover: Handover) -> Ending:
        """A stage, or one of its shards, on the host."""
        self.publish(step, handover)
        return (self.run_on or host_kind(self.host))(self.order(step, out, handover))

    def publish(self, step: Step, handover: Handover) -> None:
        """What a stage deploys, before it is sent into a real AWS: there it has no right to put it."""
        stage = self.solution.stages[step.name]
        if self.host == "local" or self.run_on or self.is_sandbox or not isinstance(stage, IntegrationStage):
            return
        from runner.stages.integration import publish

        assert self.target is not None  # noqa: S101  a real AWS has one
        out, python = self.folder / "stages" / step.name, Path(handover.python)
        publish(
            self.connect(self.target),
            StageJob(
                self.run_id, step.name, self.root, out, self.solution, stage, handover.artifacts, python,
                is_sandbox=False,
            ),
        )  # fmt: skip

    def order(self, step: Step, out: Path, handover: Handover) -> Order:
        """What a host is told of a stage, or of one of its shards; the handover is written into `out`."""
        stage = self.solution.stages[step.name]
        wire.save(out / HANDOVER, handover)
        return Order(
            step.name, self.root, out, out / HANDOVER, stage.timeout, stage.memory,
            {**(self.aws if needs_aws(stage) else {}), **taken(stage, os.environ)},
            lambda check: self.view.progress(step.id, check),
            remote=self._remote(step, handover.shard) if self.host != "local" else None,
        )  # fmt: skip

    def _remote(self, step: Step, shard: Shard | None) -> Remote:
        stage = self.solution.stages[step.name]
        return Remote(
            self.run_id,
            shard.name if shard else "",
            ENVIRONMENT in step.needs,
            needs_aws(stage),
            made_by_commands(self.solution),
            self.solution.python.path,
            self.settings,
            self.target,
            lambda line: self.view.note(step.id, line),
            taken(stage, os.environ),
        )


def made_by_commands(solution: Solution) -> tuple[str, ...]:
    """The files and folders that prepare and train commands write, relative to the root."""
    models = [c for c in solution.components.values() if isinstance(c, Model) and c.train]
    trained = [name for m in models for name in (m.path, m.record, *m.outputs)]
    return (*(name for p in solution.prepare.values() for name in p.outputs), *trained)

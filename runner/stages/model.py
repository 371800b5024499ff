"""The model stage: acceptance criteria over the candidate's predictions on held-out rows.

Always checked: the evaluation table, the training record, that the model opens and what it puts out;
then what the criteria say. The stage holds no credentials, so it opens the ONNX file itself, or asks the
container that serves it (`through`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from runner.config.schema import Model, ModelStage
from runner.errors import ConfigError, InfrastructureError, LockgateError, Problem
from runner.judge.champion import ChampionFile
from runner.judge.criteria import Champion, Criteria
from runner.judge.evaluation import Evaluation, read_evaluation
from runner.judge.facts import evidence_of
from runner.judge.onnx_model import Scorer
from runner.judge.predictions import BINARY
from runner.judge.reading import read_criteria
from runner.judge.rules import checks, due, limits_of
from runner.judge.served_model import ID, ServedModel, served, served_check
from runner.judge.subject import IDS, Record, Subject, examine, read_record, record_check, skipped
from runner.judge.subject_files import open_file, wanted
from runner.judge.trial import Bench, Trial
from runner.model import Check, Evidence, Judged, StageReport, Status
from runner.stages import StageJob
from runner.stages.champion import handed_champion, served_champion
from runner.stages.endpoint import HANDED as ENDPOINT
from runner.stages.endpoint import handed_answers
from runner.stages.outcome import worst

ALWAYS = ("evaluation", *IDS)


@dataclass(slots=True)
class Ledger:
    """Checks as they finish, each timed, told, and named after its criteria file."""

    suite: str
    tell: Callable[[Check], None]
    checks: list[Check] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def add(self, found: Iterable[Check]) -> None:
        """Take checks one by one, so that each one's time is its own."""
        for check in found:
            now = time.monotonic()
            self.checks.append(replace(check, suite=self.suite, seconds=now - self.since))
            self.since = now
            self.tell(self.checks[-1])


def run(job: StageJob) -> StageReport:
    """Judge the stage's candidate. Raises ConfigError with every problem of the criteria."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101  the schema's discriminator says so
    begun, stage = time.monotonic(), job.stage
    criteria, digest = read_criteria(job.root, stage.criteria)
    champion = _champion(job, stage, criteria)
    ledger = Ledger(stage.criteria, job.progress)
    told = {"task": criteria.task, "limits": limits_of(criteria), "candidate": stage.candidate}
    judged = [Judged("criteria", stage.criteria, digest, told)]
    try:
        evaluation = read_evaluation(job.root, stage.evaluation, criteria.task, criteria.classes)
    except (LockgateError, OSError) as error:
        collected, evidence = _blind(job, criteria, champion, error, ledger), Evidence()
    else:
        judged += [_judged_table(stage, criteria, evaluation), *_judged_answers(job)]
        collected, evidence = _judge(job, criteria, champion, evaluation, ledger)
    return StageReport(
        job.run_id,
        job.name,
        "model",
        worst(check.status for check in ledger.checks),
        collected,
        tuple(ledger.checks),
        time.monotonic() - begun,
        judged=tuple(judged),
        evidence=evidence,
    )


def _champion(job: StageJob, stage: ModelStage, criteria: Criteria) -> ChampionFile | None:
    """The champion. One that is named but compared with by no rule is refused."""
    rule = criteria.baseline if isinstance(criteria.baseline, Champion) else None
    name = (rule.path if rule else None) or stage.champion
    if rule is None and name is None:
        return None
    if rule is None and not _compares(criteria):
        what = f"lockgate.yml names the champion {name!r}, but no rule compares with it"
        raise ConfigError([Problem(stage.criteria, 0, what, "baseline: {kind: champion, must_beat: [...]}")])
    if rule and rule.environment:
        return handed_champion(job, rule)
    if name is None:
        what, allowed = "the champion has no path", "path or environment here, or champion in lockgate.yml"
        raise ConfigError([Problem(stage.criteria, 0, what, allowed)])
    path = (job.root / name).resolve()
    if not path.is_relative_to(job.root.resolve()):
        raise ConfigError([Problem(stage.criteria, 0, f"the champion {name!r} is outside the solution")])
    return ChampionFile(path, facts={"path": name})


def _compares(criteria: Criteria) -> bool:
    """Whether a rule beside `baseline` is about the champion."""
    timed = criteria.latency is not None and criteria.latency.max_ratio is not None
    sliced = any(rule.margin is not None for rule in criteria.slices)
    explained = criteria.explain is not None and criteria.explain.max_share_moved is not None
    return timed or sliced or explained or criteria.regressions is not None


def _blind(
    job: StageJob, criteria: Criteria, champion: ChampionFile | None, error: Exception, ledger: Ledger
) -> tuple[str, ...]:
    """Without an evaluation table nothing can be judged: its check says why, the rest is skipped."""
    collected = (*_always(job), *due(_bench(job, criteria, champion, None)))
    cause = f"evaluation table: {str(error).splitlines()[0]}"
    ledger.add([Check("evaluation", Status.ERROR, cause=cause)])
    ledger.add(skipped(id, "there is no evaluation table") for id in collected[1:])
    return collected


def _judge(
    job: StageJob, criteria: Criteria, champion: ChampionFile | None, evaluation: Evaluation, ledger: Ledger
) -> tuple[tuple[str, ...], Evidence]:
    """Every check there is; the ids that were due are fixed before the model is opened."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    bench = _bench(job, criteria, champion, evaluation)
    collected = (*_always(job), *due(bench))
    rows, features = evaluation.matrix.shape
    ledger.add([Check("evaluation", Status.PASSED, measured=f"{rows:,} rows, {features} features")])
    record = _record(job, job.stage.candidate)
    with ExitStack() as stack:
        bench = replace(bench, champion=served_champion(bench.champion, stack))
        subject = _subject(job, record, bench, _through(job, bench, stack))
        ledger.add(subject.checks)
        if subject.model is None or subject.predictions is None:
            ledger.add(subject.known.get(id) or skipped(id) for id in collected[len(ALWAYS) :])
            return collected, Evidence(facts={"record": record.excerpt()})
        if ID in collected:
            file = job.root / job.artifacts[job.stage.candidate].path
            ledger.add([served_check(subject.predictions, file, evaluation.matrix)])
        trial = Trial(bench, subject)
        ledger.add(checks(trial))
        return collected, evidence_of(trial, record, job.out)


def _bench(
    job: StageJob, criteria: Criteria, champion: ChampionFile | None, table: Evaluation | None
) -> Bench:
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    reference = job.root / job.stage.reference if job.stage.reference else None
    asked, model = job.stage.evaluation, job.solution.components.get(job.stage.candidate)
    trusted = model.trusted if isinstance(model, Model) else ()
    return Bench(
        criteria, table, job.python, champion, reference, job.root, asked.features, asked.id, trusted
    )


def _always(job: StageJob) -> tuple[str, ...]:
    """The checks that are made whatever the criteria say. Of a format that cannot be opened here, what
    serves it has nothing to be compared with."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    candidate = job.solution.components.get(job.stage.candidate)
    through = job.stage.through or job.stage.endpoint
    compared = through and isinstance(candidate, Model) and candidate.path.endswith(".onnx")
    return (*ALWAYS, ID) if compared else ALWAYS


def _through(job: StageJob, bench: Bench, stack: ExitStack) -> Callable[[], Scorer] | None:
    """What serves the candidate, where it is judged through that."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    if job.stage.endpoint:
        return partial(handed_answers, job, bench)
    return partial(stack.enter_context, _served(job)) if job.stage.through else None


def _served(job: StageJob) -> AbstractContextManager[ServedModel]:
    """The container through which the candidate is judged."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    name = job.stage.through or ""
    artifact = job.artifacts.get(name)
    if artifact is None or not artifact.facts.get("built"):
        why = artifact.facts.get("why", "") if artifact else "it was not handed over"
        raise InfrastructureError(f"there is no image {name!r}: {why}", where=f"stages.{job.name}.through")
    return served(str(artifact.facts["image"]))


def _record(job: StageJob, candidate: str) -> Record:
    component = job.solution.components.get(candidate)
    if not isinstance(component, Model):
        return Record({}, f"component {candidate!r} is no model")
    return read_record(job.root, component.record)


def _subject(job: StageJob, record: Record, bench: Bench, through: Callable[[], Scorer] | None) -> Subject:
    """The candidate's file, read once: what is hashed is what is opened, unless it is judged `through` what
    serves it."""
    assert isinstance(job.stage, ModelStage)  # noqa: S101
    artifact = job.artifacts.get(job.stage.candidate)
    if artifact is None:
        return Subject.absent(f"no artifact of {job.stage.candidate!r} was handed to the stage")
    try:
        data = (job.root / artifact.path).read_bytes()
    except OSError as error:
        return Subject.absent(f"the model file cannot be read: {error.strerror}")
    checked = record_check(data, artifact.sha256, record)
    table, width = bench.evaluation, bench.evaluation.matrix.shape[1]
    limit = f"serves rows of {width} numbers" if through else wanted(artifact.path, width)
    opened = through or partial(open_file, data, artifact.path, bench)
    subject = examine(len(data), checked, table, bench.criteria.task, opened, limit)
    return replace(subject, sha256=hashlib.sha256(data).hexdigest())


def _judged_answers(job: StageJob) -> Iterator[Judged]:
    """An endpoint's answers, by their digest: they stand for the model."""
    if (told := job.artifacts.get(ENDPOINT)) and told.facts.get("built", True):
        facts = {"rows": told.facts.get("rows"), "evaluation": told.facts.get("evaluation")}
        yield Judged("data", f"endpoint {told.facts.get('endpoint')}", told.sha256, facts)


def _judged_table(stage: ModelStage, criteria: Criteria, evaluation: Evaluation) -> Judged:
    facts: dict[str, Any] = {"rows": len(evaluation.y), "label": stage.evaluation.label}
    facts["features"] = list(stage.evaluation.features)
    if criteria.task == BINARY:
        facts["positives"] = int(evaluation.y.sum())
    return Judged("data", stage.evaluation.source, evaluation.sha256, facts)

"""A job as PollForJobs gives it, and what the action's configuration asks for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from runner.text import one_line
from runner.worker.outcome import JobError

KEYS = ("SolutionPath", "Stages")
STAGE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
COMMIT = re.compile(r"[0-9a-f]{40}")
Credentials = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """An object in S3: the bucket and key that CodePipeline gave, used as they are."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Job:
    """A job. What is secret in it (credentials, configuration) is in no repr. `encryption_key` is ''
    where the key is S3's own; `where` is the pipeline, its stage and action, for people."""

    id: str
    nonce: str = field(repr=False)
    where: str
    configuration: Mapping[str, str] = field(repr=False)
    source: Place
    commit: str
    output: Place
    encryption_key: str
    credentials: Credentials = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The action's configuration. No stages: all of them."""

    solution: PurePosixPath = field(default_factory=PurePosixPath)
    stages: tuple[str, ...] = ()


def read_job(raw: Mapping[str, Any]) -> Job:
    """The job of a poll's answer. Raises JobError where it is none that a run can be made of."""
    data = raw.get("data") or {}
    if data.get("continuationToken"):
        raise JobError("ConfigurationError", "the job has a continuation token, and this worker gives none")
    source = _only(data.get("inputArtifacts"), "input")
    revision = str(source.get("revision", ""))
    return Job(
        id=str(raw.get("id", "")),
        nonce=str(raw.get("nonce", "")),
        where=_where(data.get("pipelineContext") or {}),
        configuration=(data.get("actionConfiguration") or {}).get("configuration") or {},
        source=_place(source),
        commit=revision if COMMIT.fullmatch(revision) else "",
        output=_place(_only(data.get("outputArtifacts"), "output")),
        encryption_key=str((data.get("encryptionKey") or {}).get("id", "")),
        credentials=read_credentials(data),
    )


def read_credentials(data: Mapping[str, Any]) -> Credentials:
    """The key, secret and token for the artifacts. Raises JobError where there are none."""
    given = data.get("artifactCredentials") or {}
    names = ("accessKeyId", "secretAccessKey", "sessionToken")
    if not all(given.get(name) for name in names):
        raise JobError("PermissionError", "the job has no credentials for its artifacts")
    key, secret, token = (str(given[name]) for name in names)
    return key, secret, token


def _only(artifacts: Sequence[Mapping[str, Any]] | None, kind: str) -> Mapping[str, Any]:
    count = len(artifacts or ())
    if artifacts is None or count != 1:
        raise JobError("ConfigurationError", f"the action has {count} {kind} artifacts; give it exactly one")
    return artifacts[0]


def _place(artifact: Mapping[str, Any]) -> Place:
    location = artifact.get("location") or {}
    found = location.get("s3Location") or {}
    bucket, key = str(found.get("bucketName", "")), str(found.get("objectKey", ""))
    if location.get("type", "S3") != "S3" or not bucket or not key:
        name = one_line(artifact.get("name", ""), 100)
        raise JobError("RevisionUnavailable", f"artifact {name!r} has no place in S3")
    return Place(bucket, key)


def _where(context: Mapping[str, Any]) -> str:
    stage, action = context.get("stage") or {}, context.get("action") or {}
    names = (context.get("pipelineName"), stage.get("name"), action.get("name"))
    return "/".join(one_line(name, 100) for name in names if name)


def settings(job: Job, also: Sequence[str] = ()) -> Settings:
    """What the action's configuration says; `also` are keys that it may have besides.

    Raises JobError (ConfigurationError). Values are shown where they are known to be no secret."""
    allowed = (*KEYS, *also)
    for key in job.configuration:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(allowed)}"
            raise _wrong(f"the action's configuration has an unknown key {one_line(key, 60)!r}; {hint}")
    return Settings(_folder(job.configuration), _stages(job.configuration))


def _folder(configuration: Mapping[str, str]) -> PurePosixPath:
    path = PurePosixPath(text := configuration.get("SolutionPath", "."))
    if path.is_absolute() or ".." in path.parts or not text.isprintable() or "\\" in text:
        raise _wrong(f"SolutionPath {one_line(text, 100)!r} is no folder inside the input artifact")
    return path


def _stages(configuration: Mapping[str, str]) -> tuple[str, ...]:
    if "Stages" not in configuration:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in configuration["Stages"].split(",")))
    for name in names:
        if not STAGE.fullmatch(name):
            raise _wrong(f"Stages has {one_line(name, 60)!r}, no name of a stage; give 'unit,data'")
    return names


def _wrong(what: str) -> JobError:
    return JobError("ConfigurationError", what)

"""Lambda's aliases and CloudWatch's alarms without a server, behind the real adapter; and a clock.

Every request is held against botocore's own models. An update wants the alias's revision, as AWS does.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from helpers.aws_model import problems

from runner.adapters.aws import Aws, sandbox_target
from runner.release.canary import Window

MODELS = {s: ServiceModel(Loader().load_service_model(s, "service-2")) for s in ("lambda", "cloudwatch")}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: datetime = datetime(2026, 11, 23, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += timedelta(seconds=seconds)


@dataclass
class FakeLambda:
    """Aliases 'function:alias' with their routing; `at` is called around each update with its number."""

    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    at: Callable[[int, str], None] = lambda number, when: None

    def aws(self) -> Aws:
        return Aws(sandbox_target("http://127.0.0.1:1"), lambda service: self)

    def add(self, name: str, version: str, shares: Mapping[str, float] | None = None) -> None:
        routing = {"RoutingConfig": {"AdditionalVersionWeights": dict(shares)}} if shares else {}
        self.aliases[name] = {"FunctionVersion": version, "RevisionId": uuid.uuid4().hex, **routing}

    def points(self, name: str) -> tuple[str, dict[str, float]]:
        told = self.aliases[name]
        return told["FunctionVersion"], told.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def get_alias(self, **request: Any) -> dict[str, Any]:
        _checked("lambda", "GetAlias", request)
        return dict(self.aliases[f"{request['FunctionName']}:{request['Name']}"])

    def update_alias(self, **request: Any) -> dict[str, Any]:
        _checked("lambda", "UpdateAlias", request)
        self.updates.append(request)
        self.at(len(self.updates), "before")
        name = f"{request['FunctionName']}:{request['Name']}"
        if request.get("RevisionId", self.aliases[name]["RevisionId"]) != self.aliases[name]["RevisionId"]:
            raise refused("PreconditionFailedException")
        self.add(name, request["FunctionVersion"], request["RoutingConfig"]["AdditionalVersionWeights"])
        self.at(len(self.updates), "after")
        return dict(self.aliases[name])

    def describe_alarms(self, **request: Any) -> dict[str, Any]:
        return self.paginate(AlarmTypes=["MetricAlarm"], **request)[0]

    def get_paginator(self, operation: str) -> FakeLambda:
        assert operation == "describe_alarms"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        _checked("cloudwatch", "DescribeAlarms", request)
        if request["AlarmTypes"] != ["MetricAlarm"]:
            return [{"CompositeAlarms": []}]
        found = {n: s for n, s in self.alarms.items() if n in request["AlarmNames"]}
        return [{"MetricAlarms": [{"AlarmName": n, "StateValue": s} for n, s in found.items()]}]


@dataclass
class Numbers:
    """Metrics that are what a function says: (version, since, until) -> Window."""

    tell: Callable[[str, datetime, datetime], Window]
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def window(self, version: str, since: datetime, until: datetime) -> Window:
        self.asked.append((version, since, until))
        return self.tell(version, since, until)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "planted"}}, "UpdateAlias")


def lost() -> ConnectionClosedError:
    return ConnectionClosedError(endpoint_url="http://127.0.0.1:1")


def _checked(service: str, operation: str, request: dict[str, Any]) -> None:
    assert not (wrong := problems(MODELS[service].operation_model(operation).input_shape, request)), wrong

"""The ways by which a failure is told: an SNS topic, a webhook. Each raises LockgateError where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.webhook import Webhook
from runner.incident import Incident
from runner.incident.chat import FORMS
from runner.incident.message import body, shorten_ascii, subject
from runner.text import one_line


class Channel(Protocol):
    """`name` is shown, and holds no secret."""

    @property
    def name(self) -> str: ...
    def send(self, incident: Incident) -> None: ...


@dataclass(frozen=True, slots=True)
class Topic:
    """An SNS topic; `aws` is of the topic's region, since SNS publishes in its own alone."""

    aws: Aws
    arn: str

    @property
    def name(self) -> str:
        return f"SNS topic {self.arn.rpartition(':')[2]}"

    def send(self, incident: Incident) -> None:
        """Publish the message, its main facts as attributes for filter policies. Raises AwsError."""
        known = {"what": incident.what, "status": str(incident.status), "solution": incident.solution}
        known |= {"environment": incident.environment, "dedup": incident.dedup}
        attributes = {n: _attribute(v) for n, v in known.items() if v}
        self.aws.call(
            "sns", "publish", TopicArn=self.arn, Subject=subject(incident), Message=body(incident),
            MessageAttributes=attributes, **self._order(incident),
        )  # fmt: skip

    def _order(self, incident: Incident) -> dict[str, str]:
        """What a topic that keeps the order wants beside."""
        if not self.arn.endswith(".fifo"):
            return {}
        group = shorten_ascii(incident.solution, 128).replace(" ", "-") or "lockgate"
        return {"MessageGroupId": group, "MessageDeduplicationId": incident.dedup}


def topic(target: AwsTarget, arn: str) -> Topic:
    """The topic, reached in its own region."""
    return Topic(Aws(replace(target, region=arn.split(":")[3])), arn)


@dataclass(frozen=True, slots=True)
class Chat:
    """A webhook of a chat; `form` is what it reads."""

    webhook: Webhook
    form: str

    @property
    def name(self) -> str:
        return f"{self.form} webhook"

    def send(self, incident: Incident) -> None:
        """Post the message. Raises WebhookError."""
        payload: Mapping[str, Any] = FORMS[self.form](incident)
        self.webhook.post(payload)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A way that was configured and cannot be gone; sending says why."""

    name: str
    error: Exception

    def send(self, incident: Incident) -> None:
        """Raises the error that stood in the way."""
        raise self.error


def _attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": one_line(value, 200)}

"""The composition root of telling a failure: who is told, by which AWS, and where the evidence goes.

Whoever failed makes an `Incident` and calls `runner.incident.tell.tell` with the `Tools` of `open_tools`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from runner.adapters.aws import Aws, AwsTarget
from runner.adapters.output import SECRECY, say
from runner.adapters.webhook import open_webhook
from runner.config.fields import TOPIC
from runner.config.schema import Notify
from runner.errors import LockgateError, UsageError
from runner.incident.channels import Channel, Chat, Unusable, topic
from runner.incident.chat import FORMS
from runner.incident.tell import Told, Tools, Upload
from runner.sandbox.choose import is_real, standing_target
from runner.text import one_line
from runner.watch import TOPIC_VARIABLE, WEBHOOK_VARIABLE

FORMAT_VARIABLE, PRIVATE_VARIABLE = "LOCKGATE_NOTIFY_FORMAT", "LOCKGATE_NOTIFY_PRIVATE"


def open_tools(
    notify: Notify,
    target: AwsTarget | None,
    folder: Path,
    upload: Upload | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Tools:
    """What `tell` needs: who is told, the AWS that is asked for evidence (`target`; None: none), where the
    bundle is put. Raises nothing: a way that cannot be gone says so when it is."""
    ways = channels(notify, target, environ)  # first: a webhook's URL is a secret of the redactor's then
    return Tools(ways, folder, SECRECY.redactor(), Aws(target) if target else None, upload)


def channels(notify: Notify, target: AwsTarget | None, environ: Mapping[str, str]) -> tuple[Channel, ...]:
    """Everybody who is to be told, in the environment's words before the configuration's."""
    found: list[Channel] = []
    if arn := environ.get(TOPIC_VARIABLE) or notify.sns:
        found.append(_topic(arn, target))
    if environ.get(WEBHOOK_VARIABLE) or notify.webhook_env:
        found.append(_chat(notify, environ))
    return tuple(found)


def _topic(arn: str, target: AwsTarget | None) -> Channel:
    if re.fullmatch(TOPIC, arn) is None:
        return Unusable("SNS", UsageError(f"{one_line(arn, 80)!r} is no ARN of a topic"))
    if target is None:
        return Unusable("SNS", UsageError("no AWS was asked for (--aws, LOCKGATE_AWS=1)"))
    return topic(target, arn)


def _chat(notify: Notify, environ: Mapping[str, str]) -> Channel:
    name = WEBHOOK_VARIABLE if environ.get(WEBHOOK_VARIABLE) else str(notify.webhook_env)
    form = environ.get(FORMAT_VARIABLE) or notify.format
    try:
        if form not in FORMS:
            raise UsageError(f"{one_line(form, 40)!r} is none of {', '.join(FORMS)}")
        if not environ.get(name):
            raise UsageError(f"the variable {name} is not set")
        return Chat(open_webhook(environ[name], private=environ.get(PRIVATE_VARIABLE) == "1"), form)
    except UsageError as error:
        return Unusable("webhook", error)


def target_in_use(real: bool) -> AwsTarget | None:
    """The AWS by which is told, and which is asked for evidence; None where there is none."""
    try:
        return standing_target(real=is_real(real))
    except LockgateError as error:
        say(sys.stderr, f"no AWS to tell by: {error}")
        return None


def caller(aws: Aws | None) -> str:
    """Who this is, whose doings CloudTrail is asked for; '' where that cannot be had."""
    try:
        return str(aws.call("sts", "get_caller_identity")["Arn"]) if aws else ""
    except LockgateError:
        return ""


def say_told(told: Told) -> None:
    """What became of it, for people: on stderr, since a machine may read the other."""
    for line in told.lines():
        say(sys.stderr, line)

"""The deployed functions of a test stack, as the stock suites ask them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.adapters.aws import Aws, AwsError, Invocation, target_from_env
from runner.text import one_line

# Codes that blame the template or the event rather than the world.
AT_FAULT = ("ResourceNotFoundException", "InvalidRequestContentException", "RequestTooLargeException")


@dataclass(frozen=True, slots=True)
class Functions:
    """`names`: component -> the function (name, ARN or alias ARN) that the stack put up for it."""

    aws: Aws
    names: Mapping[str, str]

    @classmethod
    def of(cls, context: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Functions:
        """From an integration context; AWS is reached as the environment says."""
        target = target_from_env(environ, is_sandbox=context["is_sandbox"])
        return cls(Aws(target), context["invoke"])

    def ask(self, component: str, event: Any) -> tuple[Any, str]:
        """The function's answer, and what is wrong with it in one line ('' if nothing is).

        Raises AwsError where AWS cannot be reached or does not let us."""
        function = self.names[component]
        try:
            got = self.aws.invoke(function, event)
        except AwsError as error:
            if error.code in AT_FAULT:
                return None, one_line(f"{component} ({function}): {error.code}: {error.what}", 500)
            raise
        if got.status == 200 and not got.error and got.is_json:
            return got.answer, ""
        return got.answer, one_line(f"{component} ({self._handler(function)}): {_trouble(got)}", 500)

    def _handler(self, function: str) -> str:
        try:
            told = self.aws.call("lambda", "get_function_configuration", FunctionName=function)
        except AwsError:
            return function
        return f"handler {told.get('Handler', '?')}"


def _trouble(got: Invocation) -> str:
    if got.error and isinstance(got.answer, dict):
        kind, message = got.answer.get("errorType", got.error), got.answer.get("errorMessage", "")
        return f"{kind}: {message}"
    if got.error:
        return f"{got.error}: {got.answer}"
    if got.status != 200:
        return f"HTTP {got.status}: {json.dumps(got.answer)}"
    return f"its answer is not JSON: {got.answer}"

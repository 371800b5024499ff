"""Stand-alone, run by a bare interpreter: a handler's answers to many events, as Lambda would give them.

    python -I _invoke_rows.py CODE HANDLER EVENTS OUT

EVENTS has an event a line. OUT gets a line for each: {"answer": ...} or {"error": ...}; for a handler that
cannot be imported the only line is {"broken": ...}. Needs nothing of Lockgate.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Context:
    """What a handler may ask about its invocation."""

    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    log_group_name = f"/aws/lambda/{function_name}"
    log_stream_name = "skew"
    client_context = None
    identity = None

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def imported(code: str, handler: str) -> Callable[[Any, Any], Any]:
    """The handler `module.function` of the package in the folder `code`."""
    sys.path.insert(0, code)
    module, _, name = handler.replace("/", ".").rpartition(".")
    function: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), name)
    return function


def answered(function: Callable[[Any, Any], Any], line: str) -> str:
    """One event's line of OUT."""
    try:
        return json.dumps({"answer": function(json.loads(line), Context())}, allow_nan=False)
    except BaseException as error:
        return told("error", error)


def told(what: str, error: BaseException) -> str:
    return json.dumps({what: f"{type(error).__name__}: {error}"[:500]})


if __name__ == "__main__":
    with Path(sys.argv[3]).open(encoding="utf-8") as events, Path(sys.argv[4]).open("w") as out:
        try:
            handler = imported(sys.argv[1], sys.argv[2])
        except BaseException as error:
            out.write(told("broken", error))
            sys.exit(0)
        out.writelines(answered(handler, line) + "\n" for line in events)

"""Import a handler, and answer one event, as Lambda would: `python -I driver.py CODE HANDLER OUT [EVENT]`.

Runs in a bare interpreter with the package alone on the path. What happened goes to OUT as JSON:
{"ok": true, "answer": ...} or {"ok": false, "step": "import" | "handler" | "call" | "answer", "error": ...}.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path


class Context:
    """What a handler may ask about its invocation."""

    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    log_group_name = f"/aws/lambda/{function_name}"
    log_stream_name = "stock-lambda"
    client_context = None
    identity = None

    @staticmethod
    def get_remaining_time_in_millis():
        return 60_000


def drive(code, handler, event=None):
    """Take the steps in order; the first that fails is named."""
    sys.path.insert(0, code)
    module, _, name = handler.replace("/", ".").rpartition(".")
    step = "import"
    try:
        imported = importlib.import_module(module)
        step = "handler"
        function = getattr(imported, name)
        if not callable(function):
            raise TypeError(f"{handler} is not callable")
        if event is None:
            return {"ok": True, "answer": None}
        with Path(event).open(encoding="utf-8") as stream:
            payload = json.load(stream)
        step = "call"
        answer = function(payload, Context())
        step = "answer"
        return {"ok": True, "answer": json.loads(json.dumps(answer, allow_nan=False))}
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"
        return {"ok": False, "step": step, "error": told, "trace": traceback.format_exc()}


if __name__ == "__main__":
    result = drive(sys.argv[1], sys.argv[2], *sys.argv[4:])
    with Path(sys.argv[3]).open("w", encoding="utf-8") as out:
        json.dump(result, out)

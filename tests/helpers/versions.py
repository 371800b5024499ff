"""A function in the sandbox with versions that behave each in a way of its own, behind an alias."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What docs/traffic.md tells people to write.
SNIPPET = re.findall(
    r"^```python\n(.*?)^```",
    (Path(__file__).resolve().parents[2] / "docs" / "traffic.md").read_text(),
    re.DOTALL | re.MULTILINE,
)[0]
BEGIN, END = "\ndef handler(event, context):\n", "    told(tenth(answer))\n    return {'p': answer}\n"
HANDLERS = {
    "good": "    answer = event['p']\n",
    "wrong": "    answer = 0.5 + event['p'] / 2\n",
    "raising": "    answer = event['p']\n    assert event['n'] % 2, 'every second one'\n",
    "slow": "    time.sleep(0.05)\n    answer = event['p']\n",
    "nan": "    answer = float('nan') if event['n'] % 2 else event['p']\n",
    "silent": "    print('this is no metric')\n    return {'p': event['p']}\n",
}


def archive(kind: str) -> bytes:
    """The function's zip: the documented lines, and a handler of a kind."""
    body = f"{BEGIN}{HANDLERS[kind]}{END}"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("app.py", SNIPPET + body)
    return stream.getvalue()


def publish(client: Callable[[str], Any], function: str, *kinds: str) -> list[str]:
    """The function with a version of each kind and the alias `live` on the first; the versions."""
    aws = client("lambda")
    versions = []
    for kind in kinds:
        if not versions:
            told = aws.create_function(
                FunctionName=function, Runtime="python3.12", Handler="app.handler", Timeout=10,
                Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": archive(kind)}, Publish=True,
            )  # fmt: skip
        else:
            told = aws.update_function_code(FunctionName=function, ZipFile=archive(kind), Publish=True)
        versions.append(str(told["Version"]))
    aws.create_alias(FunctionName=function, Name="live", FunctionVersion=versions[0])
    return versions

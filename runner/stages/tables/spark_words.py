"""What Spark complains of, in one line: its Java stack traces say it last, and in between."""

from __future__ import annotations

import re

from runner.text import one_line

CAUSED = "Caused by: "
# 'org.apache.spark.SparkException: ' and what py4j says before it.
CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b:?\s*")
CALLING = re.compile(r"^An error occurred while calling \S+\s*:?\s*", re.MULTILINE)
LOST = re.compile(r"^Job aborted due to stage failure:.*?most recent failure: Lost task[^:]*:\s*", re.DOTALL)
# A file's folders are this machine's: what is told stands in the manifest, the same wherever the run was.
FOLDERS = re.compile(r"\bfile:/(?:[^\s/]*/)*")
PYTHON = "Traceback (most recent call last):"
STACK = re.compile(r"^\s*(?:at |\.\.\. \d+ more)|^(?:JVM stacktrace|Driver stacktrace):?")


def cause_of(error: BaseException | str) -> str:
    """The innermost cause that a stack trace gives, of Java or of a Python worker's, else its first line; no
    class names of Java's, no frames."""
    lines = [line for line in str(error).splitlines() if line.strip() and not STACK.match(line)]
    inner = [line.partition(CAUSED)[2] for line in lines if CAUSED in line]
    if PYTHON in lines:
        inner = [line for line in lines[lines.index(PYTHON) + 1 :] if not line.startswith(" ")]
    text = inner[-1] if inner else "\n".join(lines)
    text = LOST.sub("", _bare(CALLING.sub("", text).lstrip(": \n")))
    return one_line(FOLDERS.sub("", _bare(text.split("\n")[0]))) or type(error).__name__


def _bare(text: str) -> str:
    bare = CLASS.sub("", text.strip())
    return bare or text

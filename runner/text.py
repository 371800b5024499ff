"""Text from outside, made fit for one line of a cause: a leaf that every layer may use."""

from __future__ import annotations


def one_line(value: object, limit: int = 300) -> str:
    """Text of a value without line breaks and control characters, cut at `limit` characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def reason(error: BaseException) -> str:
    """An exception of somebody else's in one line: its type and its message."""
    return one_line(f"{type(error).__name__}: {error}")

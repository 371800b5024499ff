"""An expectation's result in words: what was observed, and what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runner.stages.tables.suite import Expectation
from runner.text import one_line

EXAMPLES = 3
SHOWN = 40


def observed(expectation: Expectation, result: Mapping[str, Any]) -> str:
    """Such as '3 of 336,776 null (0.001%), e.g. rows 17, 99, 204' or '6.895'."""
    if examined(result) is not None:
        return _unexpected(expectation, result)
    mismatched = (result.get("details") or {}).get("mismatched")
    if mismatched:
        return _mismatch(mismatched)
    if result.get("observed_value") is None and result.get("partial_unexpected_list"):
        return f"also {_list(result['partial_unexpected_list'])}"
    return _value(result["observed_value"]) if "observed_value" in result else ""


def expected(expectation: Expectation, words: str) -> str:
    """The engine's sentence for the expectation, or its type and arguments."""
    kwargs = {k: v for k, v in expectation.kwargs.items() if k != "batch_id"}
    return one_line(words or f"{expectation.type} {json.dumps(kwargs, default=str)}")


def examined(result: Mapping[str, Any]) -> int | None:
    """How many rows a row-by-row expectation looked at: without those it ignores (nulls, mostly).

    None for an expectation about an aggregate or the table as a whole."""
    count = result.get("element_count")
    return None if count is None else int(count) - int(result.get("missing_count") or 0)


def unexpected_share(result: Mapping[str, Any]) -> float | None:
    """Percent of the examined rows that were unexpected; None where nothing was examined by row."""
    share = result.get("unexpected_percent")
    return None if share is None else float(share)


def _unexpected(expectation: Expectation, result: Mapping[str, Any]) -> str:
    count, rows = int(result.get("unexpected_count") or 0), examined(result) or 0
    noun = "null" if expectation.type.endswith("_not_be_null") else "unexpected"
    text = f"{count:,} of {rows:,} {noun}"
    if not count:
        return text
    examples = _examples(result, noun)
    return f"{text} ({_percent(100 * count / max(rows, 1))})" + (f", e.g. {examples}" if examples else "")


def _examples(result: Mapping[str, Any], noun: str) -> str:
    rows = ", ".join(str(n) for n in (result.get("partial_unexpected_index_list") or [])[:EXAMPLES])
    where = f"rows {rows}" if rows else ""
    if noun == "null":
        return where
    values = _list(_distinct(result.get("partial_unexpected_list") or []))
    return f"{values} in {where}" if where else values


def _distinct(values: Sequence[Any]) -> list[Any]:
    return list({json.dumps(v, default=str): v for v in values}.values())


def _list(values: Sequence[Any]) -> str:
    more = ", …" if len(values) > EXAMPLES else ""
    return ", ".join(_value(v) for v in values[:EXAMPLES]) + more


def _mismatch(mismatched: Any) -> str:
    if isinstance(mismatched, Mapping):
        return "; ".join(f"{kind}: {_list(names)}" for kind, names in mismatched.items())
    first = mismatched[0]
    return f"column {first['Expected Column Position']} is {first['Found']!r}, not {first['Expected']!r}"


def _percent(share: float) -> str:
    return f"{share:.2f}%" if share >= 0.01 else f"{share:.2g}%"


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and "quantiles" in value:
        pairs = zip(value["quantiles"], value["values"], strict=False)
        return ", ".join(f"q{q:g} = {_value(v)}" for q, v in pairs)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return one_line(text, SHOWN) or "''"

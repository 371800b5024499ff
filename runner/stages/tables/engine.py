"""Great Expectations over pandas or Spark: a suite and a frame give its own validation-result JSON.

Ephemeral context, no analytics, no progress bars. Results come back in another order than the
suite's (grouped by column), so each expectation carries its check's id in `meta.lockgate`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

from runner.stages.tables.suite import Expectation, Suite, named_columns
from runner.text import one_line, reason

if TYPE_CHECKING:
    import pandas as pd

MARK = "lockgate"


@dataclass(frozen=True, slots=True)
class Answers:
    """By check id: a result (GX's JSON, in the suite's order), the expectation in plain words, or why
    there is none. `document` is the whole validation result."""

    results: Mapping[str, Mapping[str, Any]]
    words: Mapping[str, str]
    errors: Mapping[str, str]
    document: Mapping[str, Any]


Kind = Literal["pandas", "spark"]
Engine = Callable[["pd.DataFrame", Suite, str], Answers]


def validate(frame: Any, suite: Suite, table: str, kind: Kind = "pandas") -> Answers:
    """Ask every expectation of the suite; what one of them raises is its own error alone.

    `frame`: of pandas, or of Spark where `kind` says so."""
    gx = great_expectations()
    built: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for expectation in suite.expectations:
        if other := _another(expectation, [str(name) for name in frame.columns]):
            errors[expectation.id] = other
            continue
        try:
            built[expectation.id] = build(expectation)
        except Exception as error:  # an unknown type, arguments that it does not take
            errors[expectation.id] = reason(error)
    try:
        document = _ask(gx, frame, suite, table, list(built.values()), kind) if built else {}
    except Exception as error:
        return Answers({}, {}, {**dict.fromkeys(built, reason(error)), **errors}, {})
    return Answers(_by_id(document, suite), {id: _words(e) for id, e in built.items()}, errors, document)


def _another(expectation: Expectation, columns: Sequence[str]) -> str:
    """Why Great Expectations would answer from another column, or '': it takes the first of a name, be it in
    capitals or not, though the very column that is asked of stands behind it."""
    for name in named_columns(expectation.kwargs):
        alike = [column for column in columns if column.casefold() == name.casefold()]
        if len(alike) > 1 and alike[0] != name:
            return f"Great Expectations takes column {alike[0]!r} for {name!r}"
    return ""


def version() -> str:
    """The version of Great Expectations that answers, without importing it."""
    return metadata.version("great_expectations")


def great_expectations() -> Any:
    """The module, imported where it is needed: it takes seconds."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    # What it logs is either in its result or a complaint about its own rendering.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return gx


def build(expectation: Expectation) -> Any:
    """Great Expectations' own object; raises what it raises for an unknown type or arguments."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = {k: v for k, v in expectation.config.items() if k not in ("id", "rendered_content")}
    config["kwargs"] = dict(expectation.kwargs)
    config["meta"] = {**(config.get("meta") or {}), MARK: expectation.id}
    return ExpectationConfiguration(**config).to_domain_obj()


def _ask(
    gx: Any, frame: Any, suite: Suite, table: str, built: list[Any], kind: Kind = "pandas"
) -> dict[str, Any]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    add = context.data_sources.add_spark if kind == "spark" else context.data_sources.add_pandas
    asset = add("lockgate").add_dataframe_asset(table)
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    asked = gx.ExpectationSuite(suite.name, expectations=built)
    result = batch.validate(asked, result_format="SUMMARY", expectation_parameters=dict(suite.parameters))
    document: dict[str, Any] = result.to_json_dict()
    return document


def _by_id(document: Mapping[str, Any], suite: Suite) -> dict[str, Mapping[str, Any]]:
    marked = {r["expectation_config"]["meta"].get(MARK): r for r in document.get("results", ())}
    return {e.id: marked[e.id] for e in suite.expectations if e.id in marked}


def _words(expectation: Any) -> str:
    """Great Expectations' own sentence for an expectation, with its arguments; '' where it has none."""
    from great_expectations.render.renderer.inline_renderer import InlineRenderer

    try:
        value = InlineRenderer(render_object=expectation.configuration).get_rendered_content()[0].value
    except Exception:  # a renderer that cannot speak loses words, not evidence
        return ""
    text = str(value.template or "")
    if "$kwargs" in text:
        return ""
    params = {k: p.get("value") for k, p in (value.params or {}).items()}
    for name in sorted(params, key=len, reverse=True):
        text = text.replace(f"${name}", _plain(params[name]))
    return one_line(text).rstrip(".")


def _plain(value: object) -> str:
    """A value as a person writes it: 12 for 12.0, a row condition without its class name."""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value).removeprefix("PassThrough('").removesuffix("')")

"""Great Expectations' Data Docs: its own pages, made from the validation results that the stage wrote.

    data/docs/index.html                                its index, and below it links that need no script
    data/docs/expectations/TABLE.html                   a table's suite
    data/docs/validations/TABLE/RUN/TIME/TABLE.html     its result

The files lie as Great Expectations lays them, since its pages count the folders up to the index. Its
templates escape some of what they show and not the rest: what stands for HTML is taken out of every text
before they see it, and put back as entities.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from runner.adapters.files import write_atomic
from runner.stages.tables.engine import build, great_expectations, version
from runner.stages.tables.suite import Suite
from runner.text import reason

FOLDER = "data/docs"
# A character of HTML -> one of Unicode's private ones, that no template knows.
DISARMED = {ord(char): chr(0xE000 + n) for n, char in enumerate("<>&\"'")}
REARMED = {ord(private): escape(chr(char)) for char, private in DISARMED.items()}
# Read by Great Expectations, not only shown; it escapes it by itself.
READ = "row_condition"


@dataclass(frozen=True, slots=True)
class Run:
    """Which run the pages are of."""

    id: str
    begun: datetime

    @property
    def stamp(self) -> str:
        return self.begun.strftime("%Y%m%dT%H%M%SZ")


def write_docs(out: Path, run_id: str, suites: Mapping[str, Suite]) -> tuple[str, ...]:
    """Write the site under a stage's output, a table a suite; the pages relative to it, the index first.

    A table without a validation result (`data/TABLE.validation.json`) has its suite's page alone. A page that
    Great Expectations cannot make says why."""
    great_expectations()
    run = Run(run_id, datetime.now(UTC))
    pages: dict[str, str] = {}
    results: dict[str, bool] = {}
    for name, suite in suites.items():
        pages[f"expectations/{name}.html"] = _safely(_suite_page, name, suite)
        document = _document(out, name)
        if document is not None:
            results[name] = document.get("success") is True
            pages[_result_path(run, name)] = _safely(_result_page, name, run, document)
    whole = {"index.html": _linked(_safely(_index, run, suites, results), pages), **pages}
    for path, page in whole.items():
        write_atomic(out / FOLDER / path, page.encode())
    return tuple(f"{FOLDER}/{path}" for path in whole)


def _result_path(run: Run, name: str) -> str:
    return f"validations/{name}/{run.id}/{run.stamp}/{name}.html"


def _document(out: Path, name: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads((out / "data" / f"{name}.validation.json").read_bytes())
    except OSError:
        return None
    return document


def _safely(page: Any, *arguments: Any) -> str:
    """A page, or one that says why there is none: the verdict does not depend on it."""
    try:
        return str(page(*arguments)).translate(REARMED)
    except Exception as error:  # its renderers raise whatever they like
        return (
            f"<!DOCTYPE html>\n<body><p>Great Expectations could not make this page: {escape(reason(error))}"
        )


def disarmed(value: Any) -> Any:
    """The same without any character of HTML, in texts and in names."""
    if isinstance(value, str):
        return value.translate(DISARMED)
    if isinstance(value, Mapping):
        return {disarmed(k): v if k == READ else disarmed(v) for k, v in value.items()}
    return [disarmed(each) for each in value] if isinstance(value, list | tuple) else value


def _result_page(name: str, run: Run, document: Mapping[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    meta = {
        "run_id": {"run_name": run.id, "run_time": run.begun.isoformat()},
        "batch_spec": {"data_asset_name": name},
        "great_expectations_version": version(),
    }
    told = {**disarmed(document), "suite_name": name, "meta": meta, "id": None}
    result = expectationSuiteValidationResultSchema.load(told)
    return _shown(ValidationResultsPageRenderer(run_info_at_end=True).render(result))


def _suite_page(name: str, suite: Suite) -> str:
    from great_expectations import ExpectationSuite
    from great_expectations.render.renderer.page_renderer import ExpectationSuitePageRenderer

    renderer: Any = ExpectationSuitePageRenderer()
    return _shown(renderer.render(ExpectationSuite(name, expectations=_built(suite))))


def _built(suite: Suite) -> list[Any]:
    """Its expectations, but those that Great Expectations does not know: they are in no page of its."""
    found = []
    for e in suite.expectations:
        try:
            found.append(build(replace(e, kwargs=disarmed(e.kwargs), config=disarmed(e.config))))
        except Exception:  # noqa: S112  its check is ERROR, and says why
            continue
    return found


def _index(run: Run, suites: Iterable[str], results: Mapping[str, bool]) -> str:
    from great_expectations.render.renderer.site_index_page_renderer import SiteIndexPageRenderer
    from great_expectations.render.view.view import DefaultJinjaIndexPageView

    renderer: Any = SiteIndexPageRenderer
    view: Any = DefaultJinjaIndexPageView()
    suite_of = {name: f"expectations/{name}.html" for name in suites}
    links = {
        "site_name": run.id,
        "expectations_links": [{"expectation_suite_name": n, "filepath": p} for n, p in suite_of.items()],
        "validations_links": [
            {
                "expectation_suite_name": name,
                "expectation_suite_filepath": suite_of[name],
                "filepath": _result_path(run, name),
                "validation_success": success,
                "run_time": run.begun,
                "run_name": run.id,
                "asset_name": name,
                "batch_identifier": name,
            }
            for name, success in results.items()
        ],
    }
    return str(view.render(renderer.render(links)))


def _linked(index: str, pages: Iterable[str]) -> str:
    """The index with a list of its pages: without scripts from the network, its own is empty."""
    items = "".join(f'<li><a href="{path}">{path}</a></li>' for path in pages)
    head, end, tail = index.rpartition("</body>")
    return f"{head}<ul>{items}</ul>{end}{tail}" if end else f"{index}<ul>{items}</ul>"


def _shown(page: Any) -> str:
    from great_expectations.render.view.view import DefaultJinjaPageView

    view: Any = DefaultJinjaPageView()
    return str(view.render(page, show_how_to_buttons=False))

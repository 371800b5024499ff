from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import sample_runs as sample

from runner.model import Check, Evidence, Plot, Status, Table
from runner.report.html import _environment, render, write_report
from runner.report.page import facts
from runner.report.record import RunRecord

VOID = {"meta", "link", "wbr"}
JOINT = "\u2060"


class Page(HTMLParser):
    """What a page has: elements with attributes, links, text by element; refuses what is not closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "wbr":
            self.text.append(JOINT)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split()).replace(f" {JOINT} ", "")

    @property
    def links(self) -> list[str]:
        return [a["href"] or "" for t, a in self.tags if t == "a"]

    def count(self, tag: str) -> int:
        return sum(t == tag for t, _ in self.tags)


def shown(record: RunRecord) -> Page:
    return Page(render(record))


@pytest.mark.parametrize(
    ("record", "word"),
    [(sample.passing(), "Passed"), (sample.failing(), "Failed"), (sample.undecided(), "Could not tell")],
)
def test_the_verdict_is_the_first_heading_with_its_reason(record: RunRecord, word: str) -> None:
    words = shown(record).words
    assert words.index(word) < words.index(record.verdict.reason) < words.index("Commit")
    for fact in (record.run_id, record.aws, "1 November 2026, 10:22:05 UTC", record.commit[12:]):
        assert fact in words


def test_findings_come_before_the_stages_with_measure_limit_cause_and_details() -> None:
    words = shown(sample.failing()).words
    finding = words[words.index("What went wrong") : words.index("ROC curve")]
    for part in ("roc_auc", "0.497 < 0.66 (min)", "Measured 0.497", "Limit ≥ 0.66", "champion: 0.684"):
        assert part in finding
    assert "What went wrong" not in shown(sample.passing()).words


def test_a_partial_run_and_a_dirty_tree_are_said_and_nothing_else_is() -> None:
    undecided, passing = shown(sample.undecided()).words, shown(sample.passing()).words
    assert "Partial run." in undecided
    assert "no version control to ask" in undecided
    assert "with uncommitted changes" in shown(sample.failing()).words
    assert "Partial run." not in passing
    assert "clean tree" in passing


def test_a_stage_that_was_not_run_says_what_it_waited_for() -> None:
    assert "Not run: it needs model, which did not pass." in shown(sample.failing()).words
    assert "This stage left no evidence." not in shown(sample.failing()).words


def test_components_show_their_digests_and_what_was_tested_instead() -> None:
    words = shown(sample.passing()).words
    assert sample.sha("predict")[12:] in words
    assert "tested instead: sandbox, python3.11-x86_64" in words
    assert sample.sha("host")[12:] in words
    assert words.count("tested instead") == 1


def test_every_plot_table_fact_and_file_is_there() -> None:
    page = shown(sample.passing())
    assert page.count("figure") == 7
    assert "rows judged 84,110" in page.words
    assert "training.iterations 100" in page.words
    assert "stages/model/metrics.json" in page.links
    assert "junit/model.xml" in page.links
    assert "stages/model/stage.log" in page.links
    assert "manifest.json" in page.links


def linked(record: RunRecord, folder: Path) -> list[str]:
    """The files that the page of a record in a run's folder links to."""
    write_report(record, folder / "report.html")
    links = Page((folder / "report.html").read_text(encoding="utf-8")).links
    return [link for link in links if not link.startswith("#")]


def test_only_files_that_exist_are_linked(tmp_path: Path) -> None:
    (tmp_path / "junit").mkdir()
    (tmp_path / "junit" / "model.xml").write_text("<testsuites/>")
    unsealed = replace(sample.passing(), manifest_sha256="")
    assert linked(unsealed, tmp_path) == ["junit/model.xml"]


def test_the_manifest_is_linked_though_it_is_written_after_the_page(tmp_path: Path) -> None:
    assert linked(sample.passing(), tmp_path) == ["manifest.json"]


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    page = shown(sample.passing())
    assert not {t for t, _ in page.tags} & {"script", "img", "iframe", "object", "form"}
    assert not any(name.startswith("on") or name in ("style", "src") for _, a in page.tags for name in a)
    assert all("://" not in link for link in page.links)
    assert [(a["rel"], a["href"]) for t, a in page.tags if t == "link"] == [("icon", "data:,")]
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith("default-src 'none'; style-src 'sha256-")


def test_the_policy_lets_in_the_pages_own_style_sheet_and_no_other() -> None:
    """A browser hashes what stands between the tags; after escaping that could be something else."""
    source = render(sample.hostile())
    style = source[source.index("<style>") + len("<style>") : source.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert source.count("<style") == 1
    assert f"style-src 'sha256-{digest}';" in source


def test_stages_stand_in_the_order_in_which_people_look_and_cards_in_the_plans() -> None:
    page = shown(sample.passing())
    anchors = [a["id"] for t, a in page.tags if t == "section" and (a.get("id") or "").startswith("step-")]
    assert anchors == ["step-6", "step-5", "step-4", "step-7"]  # model, data, unit, integration
    assert [link for link in page.links if link.startswith("#")][:4] == [f"#step-{i}" for i in (4, 5, 6, 7)]
    assert page.words.index("ROC curve") < page.words.index("Steps and stages")


def test_headings_and_tables_are_real_ones() -> None:
    page = shown(sample.failing())
    levels = [int(t[1]) for t, _ in page.tags if t in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.count("table") == page.count("thead")
    assert all("scope" in a for t, a in page.tags if t == "th")
    assert all(a.get("aria-label") for t, a in page.tags if t == "svg" and a.get("role") == "img")


def test_hostile_strings_are_text_and_links_stay_inside_the_runs_folder() -> None:
    source = render(sample.hostile())
    page = Page(source)
    source.encode("utf-8")
    assert not page.count("script")
    assert "<script>alert(1)</script>" in page.words
    assert not [c for c in "\x00\x1b\u202e" if c in source]
    assert "שלום" in page.words
    assert not [link for link in page.links if ".." in link or link.startswith(("/", "javascript:"))]


def test_a_huge_run_gives_a_bounded_page_that_counts_the_rest() -> None:
    unit = tuple(Check(f"test_{i}", Status.PASSED) for i in range(30_000))
    model = tuple(Check(f"m{i}", Status.FAILED, cause="x" * 9000, details="d" * 90_000) for i in range(400))
    rows = tuple((str(i), "x" * 9000) for i in range(3000))
    plot = Plot("p", "line", "", "", ())
    evidence = Evidence((plot,) * 90, (Table("t", ("a", "b"), rows),) * 3, {f"f{i}": i for i in range(900)})
    stages = (
        sample.stage("unit", unit),
        sample.stage("model", model, Status.FAILED, evidence=evidence),
    )
    source = render(replace(sample.failing(), results=stages))
    page = Page(source)
    assert len(source) < 6_000_000
    assert "28,400 more checks not listed here" in page.words
    assert "300 more findings not shown in full" in page.words
    assert "2,800 more rows not shown" in page.words
    assert "50 more plots not shown" in page.words


def test_a_small_stage_is_listed_whole_beside_a_huge_one() -> None:
    huge = sample.stage("unit", tuple(Check(f"u{i}", Status.PASSED) for i in range(5000)))
    small = sample.stage("model", (Check("the-only-one", Status.PASSED),))
    assert "the-only-one" in shown(replace(sample.passing(), results=(huge, small))).words


def test_long_ids_may_break_at_their_joints_but_never_inside_a_number() -> None:
    table = Table("t", ("a",), (("expect_column_values_to_not_be_null",), ("9,430 of 336,776 null (2.80%)",)))
    evidence = Evidence(tables=(table,))
    source = render(replace(sample.passing(), results=(sample.stage("data", (), evidence=evidence),)))
    assert "<td>expect_<wbr>column_<wbr>values_" in source
    assert "<td>9,430 of 336,776 null (2.80%)</td>" in source


def test_the_same_record_gives_the_same_page() -> None:
    assert render(sample.failing()) == render(sample.failing())


def test_facts_are_text_one_level_deep() -> None:
    assert facts({"a": True, "b": None, "c": 0.25, "d": {"e": [1, "x"]}, "f": "y"}) == (
        ("a", "yes"), ("b", "–"), ("c", "0.25"), ("d.e", '[1, "x"]'), ("f", "y"),
    )  # fmt: skip


def test_what_a_template_shows_without_a_filter_is_cleaned_and_escaped_too() -> None:
    assert _environment().from_string("{{ it }}").render(it="\x1b[1m<b>\x00") == "&lt;b&gt;�"

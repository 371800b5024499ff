"""What `lockgate versions` prints."""

from __future__ import annotations

from dataclasses import replace

from helpers.histories import history, numbered

from runner.history.history import Origin
from runner.history.records import Judgement, Version
from runner.history.table import release_lines, version_entries, version_lines


def two() -> list[Version]:
    at = history()
    numbered(at, "A", "r1", by="arn:aws:sts::123456789012:assumed-role/Build/ada")
    numbered(at, "B", "r2")
    first, second = at.versions("fn")
    return [replace(first, commit=""), replace(second, clean=False)]


JUDGED = {
    "2026.11.22-2": Judgement("fn", "2026.11.22-2", "r2", "PASSED", "2026-11-22T13:00:00+00:00", "a", "m")
}


def test_the_newest_is_first_and_every_column_is_aligned() -> None:
    lines = version_lines(two(), JUDGED, {})
    first, second = (version.sha256[:12] for version in two())
    assert [line.split() for line in lines] == [
        ["VERSION", "DIGEST", "COMMIT", "WHEN", "BY", "VERDICT"],
        ["2026.11.22-2", second, "ccccccc*", "2026-11-22", "12:00Z", "ada", "PASSED"],
        ["2026.11.22-1", first, "-", "2026-11-22", "12:00Z", "assumed-role/Build/ada", "-"],
    ]
    assert len({line.index(word) for line, word in zip(lines, ("BY", "ada", "assumed"), strict=True)}) == 1


def test_where_it_runs_is_a_column_once_anything_runs() -> None:
    first = two()[0].sha256
    lines = version_lines(two(), {}, {first: ["test", "prod"]})
    assert lines[0].endswith("RUNS IN") and lines[2].endswith("test, prod")
    assert "RUNS IN" not in version_lines(two(), {}, {})[0]
    entries = version_entries(two(), {}, {first: ["prod"]})
    assert [e["runs_in"] for e in entries] == [[], ["prod"]]
    assert "runs_in" not in version_entries(two(), {}, {})[0]


def test_machines_get_every_field_and_null_where_nobody_judged() -> None:
    entries = version_entries(two(), JUDGED, {})
    assert [e["version"] for e in entries] == ["2026.11.22-2", "2026.11.22-1"]
    assert entries[0]["verdict"]["status"] == "PASSED" and entries[1]["verdict"] is None
    assert entries[1]["by"].startswith("arn:") and entries[1]["sha256"] == two()[0].sha256


def test_what_a_record_says_cannot_repaint_the_terminal() -> None:
    hostile = "\x1b[2Jada\nPASSED\u202e" * 20
    version = replace(two()[0], by=hostile, commit=hostile, when=hostile, sha256=hostile)
    lines = version_lines([version], {}, {})
    assert len(lines) == 2 and all(line.isprintable() for line in lines) and len(lines[1]) < 250


def test_releases() -> None:
    at = history()
    at.release(Origin("r1", "c" * 40, True, "ada"), {})
    at.release(Origin("r2", "", None, "ada"), {})
    assert [line.split()[0] for line in release_lines(at.releases())] == [
        "RELEASE", "2026.11.22-2", "2026.11.22-1+ccccccc",
    ]  # fmt: skip

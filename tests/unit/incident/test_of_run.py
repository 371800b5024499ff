"""The incident that a run is, from a manifest that may say anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.manifests import as_manifest, manifest_data
from helpers.sample_runs import failing, undecided

from runner.incident.of_run import build_link, incident_of
from runner.model import Status


def of(folder: Path, data, **links: str):
    return incident_of(as_manifest(data).fields, folder, links)


def left(folder: Path, stage: str) -> None:
    for name in ("manifest.json", "report.html", f"stages/{stage}/stage.log", f"stages/{stage}/extra/a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_what_decided_the_verdict_comes_first(tmp_path):
    record = failing()
    found = of(tmp_path, manifest_data(record))
    assert (found.stage, found.status, found.commit) == (record.verdict.stage, Status.FAILED, record.commit)
    assert found.failed[0].stage == record.verdict.stage
    assert record.verdict.check in [f.id for f in found.failed if f.stage == found.stage]
    assert all(f.status in (Status.FAILED, Status.ERROR) for f in found.failed)
    assert (found.end - found.start).total_seconds() == pytest.approx(record.seconds, abs=0.01)


def test_an_error_outranks_what_failed_beside_it(tmp_path):
    record = undecided()
    assert of(tmp_path, manifest_data(record)).stage == record.verdict.stage


def test_a_stage_without_a_check_that_shows_why_is_a_finding_itself(tmp_path):
    data = manifest_data(failing())
    stage = data["stages"][failing().verdict.stage]
    stage["failed"], stage["cause"] = [], "killed by signal 9"
    found = of(tmp_path, data).failed[0]
    assert (found.id, found.cause) == ("", "killed by signal 9")


def test_links_and_files_are_those_of_the_folder_unless_others_are_given(tmp_path):
    stage = failing().verdict.stage
    left(tmp_path, stage)
    found = of(tmp_path, manifest_data(failing()), report="s3://runs/1/report.html")
    assert found.links["report"] == "s3://runs/1/report.html"
    assert found.links["log"] == str(tmp_path / "stages" / stage / "stage.log")
    assert sorted(found.files) == [
        "run/manifest.json", "run/report.html", f"run/stages/{stage}/extra/a.txt",
        f"run/stages/{stage}/stage.log",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../../outside", "/etc", "", "x/../../outside", "stage\n", "é"])
def test_a_steps_name_leads_nowhere(tmp_path, name):
    left(tmp_path, "unit")
    (tmp_path.parent / "outside").mkdir(exist_ok=True)
    (tmp_path.parent / "outside" / "stage.log").write_text("not the run's")
    data = manifest_data(failing())
    data["steps"] = {name: {"status": "ERROR", "seconds": 1.0, "cause": "c"}}
    data["stages"], data["verdict"]["reason"] = {}, f"{name}: c"
    found = of(tmp_path, data)
    assert found.stage == name
    assert set(found.files) == {"run/manifest.json", "run/report.html"}


def test_a_status_that_is_none_is_an_error(tmp_path):
    data = manifest_data(failing())
    data["stages"][failing().verdict.stage]["failed"] = [{"id": "x", "status": "FINE"}]
    assert {f.status for f in of(tmp_path, data).failed if f.id == "x"} == {Status.ERROR}


@pytest.mark.parametrize(
    ("url", "links"), [("https://x/b", 1), ("http://x", 0), ("", 0), ("javascript:x", 0)]
)
def test_the_builds_link_is_https(url, links):
    assert len(build_link({"CODEBUILD_BUILD_URL": url})) == links

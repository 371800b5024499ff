"""`lockgate notify`, and a run that tells its failure: real messages to a server of the test's own."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from helpers.incidents import receiver
from helpers.manifests import as_manifest, manifest_data
from helpers.sample_runs import failing, passing
from helpers.whole_runs import run, tiny

from runner.cli import main
from runner.manifest.build import canonical


@pytest.fixture
def hook(tmp_path, monkeypatch):
    """A receiver that the environment names, on an address that is allowed for it."""
    with receiver(tmp_path, 200) as received:
        monkeypatch.setenv("SSL_CERT_FILE", str(received.certificate))
        monkeypatch.setenv("LOCKGATE_NOTIFY_WEBHOOK", received.url)
        monkeypatch.setenv("LOCKGATE_NOTIFY_PRIVATE", "1")
        for name in ("CI", "CODEBUILD_BUILD_ID"):  # where these tests run themselves
            monkeypatch.delenv(name, raising=False)
        yield received


def left(folder: Path, record) -> str:
    """A run's folder with its manifest; its path."""
    data = manifest_data(record)
    folder.mkdir()
    (folder / "manifest.json").write_bytes(canonical(data))
    as_manifest(data)
    return str(folder)


def told(capfd) -> dict[str, object]:
    return json.loads(capfd.readouterr().out)


def text_of(payload) -> str:
    return "\n".join(block["text"]["text"] for block in payload["blocks"])


def test_a_failed_run_is_told_with_its_first_failed_check(hook, tmp_path, capfd):
    record = failing()
    assert main(["notify", left(tmp_path / "run", record), "--solution", str(tmp_path), "--json"]) == 0
    facts = told(capfd)
    assert facts["sent"] == ["slack webhook"]
    (payload,) = hook.bodies
    shown = text_of(payload)
    first = next(c for r in record.results for c in r.checks if c.id == record.verdict.check)
    for expected in (record.commit, record.verdict.stage, first.id, first.measured, first.limit):
        assert expected in shown
    with zipfile.ZipFile(tmp_path / "run" / "incident.zip") as bundle:
        assert {"index.json", "run/manifest.json"} <= set(bundle.namelist())


def test_a_dry_run_sends_and_collects_nothing(hook, tmp_path, capfd):
    assert main(["notify", left(tmp_path / "run", failing()), "--solution", str(tmp_path), "--dry-run"]) == 0
    shown = capfd.readouterr().out
    assert "to: slack webhook" in shown
    assert "subject: FAILED run of flights" in shown
    assert "secret-part" not in shown
    assert hook.bodies == []
    assert not (tmp_path / "run" / "incident.zip").exists()


def test_a_run_that_passed_is_told_to_nobody(hook, tmp_path, capfd):
    assert main(["notify", left(tmp_path / "run", passing()), "--solution", str(tmp_path)]) == 0
    assert "nothing to tell" in capfd.readouterr().out
    assert hook.bodies == []


def test_somebody_who_cannot_be_told_is_3_and_said_without_the_url(hook, tmp_path, capfd):
    hook.answers[:] = [404]
    assert main(["notify", left(tmp_path / "run", failing()), "--solution", str(tmp_path)]) == 3
    shown = "".join(capfd.readouterr())
    assert "NOT TOLD: slack webhook: HTTP 404" in shown
    assert "secret-part" not in shown


def test_nobody_named_or_no_such_run_is_2(hook, tmp_path, monkeypatch, capfd):
    assert main(["notify", "no-such-run", "--solution", str(tmp_path)]) == 2
    monkeypatch.delenv("LOCKGATE_NOTIFY_WEBHOOK")
    assert main(["notify", left(tmp_path / "run", failing()), "--solution", str(tmp_path)]) == 2
    assert "nobody is named" in capfd.readouterr().err


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1", b"\xff", b'{"schema":"lockgate.manifest/9"}'])
def test_a_manifest_that_is_none_is_refused(hook, tmp_path, capfd, raw):
    (tmp_path / "manifest.json").write_bytes(raw)
    assert main(["notify", str(tmp_path / "manifest.json"), "--solution", str(tmp_path)]) == 1
    assert "Traceback" not in capfd.readouterr().err


FAILING = 'def test_too_low():\n    print("the log")\n    assert 1 > 2, "measured too low"\n'


@pytest.fixture
def solution(tmp_path):
    return tiny(tmp_path / "tiny", FAILING)


@pytest.mark.integration
def test_a_run_in_ci_tells_its_failure_and_keeps_its_exit_status(hook, solution, monkeypatch, capfd, cache):
    kept = solution.parent / "kept"
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("CODEBUILD_BUILD_URL", "https://console.example.org/build/1")
    monkeypatch.setenv("LOCKGATE_RUNS", str(kept))
    hook.answers[:] = [404, 200]
    ended = run(solution, capfd)
    assert ended.code == 1
    assert "NOT TOLD: slack webhook: HTTP 404" in ended.err
    assert ended.last.startswith("FAILED")
    (bundle,) = kept.glob("*/report/*/incident.zip")
    with zipfile.ZipFile(io.BytesIO(bundle.read_bytes())) as archive:
        assert "measured too low" in archive.read("run/stages/unit/stage.log").decode()

    by_uri = str(next(kept.iterdir()))
    assert main(["notify", by_uri, "--solution", str(solution), "--json"]) == 0
    assert told(capfd)["sent"] == ["slack webhook"]
    (second,) = kept.glob("*/report/*/incident-*.zip")
    with zipfile.ZipFile(io.BytesIO(second.read_bytes())) as archive:
        assert {"run/stages/unit/stage.log", "run/report.html"} <= set(archive.namelist())
    for payload in hook.bodies:
        assert "test_too_low" in text_of(payload)
        assert "https://console.example.org/build/1" in text_of(payload)
    assert hook.bodies[0]["text"] == hook.bodies[1]["text"]


def test_a_merge_that_is_refused_is_told(hook, tmp_path, monkeypatch, capfd):
    folder = left(tmp_path / "run", failing())
    asked = ["merge", folder, "--solution", str(tmp_path)]
    code = main(asked)
    assert code in (1, 2)
    assert hook.bodies == []
    monkeypatch.setenv("CI", "1")
    assert main([*asked, "--dry-run"]) == code
    assert hook.bodies == []
    assert main(asked) == code
    assert "merge of" in hook.bodies[0]["text"]


def test_a_run_without_a_verdict_is_told_too(hook, tmp_path, monkeypatch, capfd):
    solution = tiny(tmp_path / "tiny", FAILING)
    monkeypatch.setenv("CI", "true")
    assert main(["run", "--solution", str(solution), "--on", "fargate"]) == 2
    assert "which one?" in text_of(hook.bodies[0])


def test_to_be_told_with_nobody_named_is_2_before_anything_runs(tmp_path, capfd):
    solution = tiny(tmp_path / "tiny", FAILING)
    assert main(["run", "--solution", str(solution), "--notify"]) == 2
    assert "nobody is named" in capfd.readouterr().err
    assert not list((solution / ".lockgate").glob("runs/*"))

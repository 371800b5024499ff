"""A run that is kept, fetched by another hand: whole or refused, and nothing outside of the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.signed_runs import Left, a_run, key

from runner import wire
from runner.errors import InfrastructureError, LockgateError, RefusedError, UsageError
from runner.evidence.sign import sign_run
from runner.keeping import fetched, is_kept, parse
from runner.kept import bundle_key, manifest_key, uri_of
from runner.kept.get import fetch
from runner.kept.put import keep, keep_blobs
from runner.manifest.build import canonical, digest
from runner.manifest.read import read_manifest
from runner.model import Status
from runner.remote.store import FolderStore

CONFIG = b"solution: tiny\n"


@pytest.fixture
def left(tmp_path: Path) -> Left:
    (tmp_path / "lockgate.yml").write_bytes(CONFIG)
    return a_run(tmp_path)


def kept(left: Left, place: Path) -> FolderStore:
    """The run's store."""
    store = FolderStore(place / left.record.run_id)
    keep_blobs(store, left.folder, place.parent / "lockgate.yml")
    keep(store, left.folder, digest(left.manifest.read_bytes()))
    return store


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_what_a_signer_wants_is_what_it_gets(left: Left, tmp_path: Path) -> None:
    store, out = kept(left, tmp_path / "runs"), tmp_path / "out"
    assert fetch(store, out).sha256 == digest(left.manifest.read_bytes())
    wanted = {name for name in files(left.folder) if name.split("/")[0] not in ("junit", "logs")}
    wanted -= {"report.html", "variables.env", "stages/unit/stage.log"}
    assert files(out) == wanted | {"lockgate.yml"}
    assert all((out / name).read_bytes() == (left.folder / name).read_bytes() for name in wanted)
    assert (out / "lockgate.yml").read_bytes() == CONFIG


def test_a_failed_run_is_kept_too_and_has_nothing_to_deploy(tmp_path: Path) -> None:
    store = kept(a_run(tmp_path, bad=Status.FAILED), tmp_path / "runs")
    manifest = fetch(store, tmp_path / "out")
    assert manifest.fields.verdict.status is Status.FAILED
    assert not (tmp_path / "out/components").exists()
    assert sign_run(tmp_path / "out", key(tmp_path), key(tmp_path).public, failed=True).is_new


def test_it_is_kept_once(left: Left, tmp_path: Path) -> None:
    store = kept(left, tmp_path / "runs")
    with pytest.raises(InfrastructureError, match="concluded already"):
        keep(store, left.folder, "0" * 64)


def test_its_signatures_come_with_it(left: Left, tmp_path: Path) -> None:
    store = kept(left, tmp_path / "runs")
    fetch(store, tmp_path / "first")
    signer = key(tmp_path)
    signed = sign_run(tmp_path / "first", signer, signer.public)
    assert store.put(bundle_key(), signed.path)
    fetch(store, tmp_path / "second")
    assert (tmp_path / "second/manifest.intoto.jsonl").read_bytes() == signed.path.read_bytes()
    assert sign_run(tmp_path / "second", signer, signer.public).is_new is False


def test_the_one_manifest_that_was_named_is_accepted(left: Left, tmp_path: Path) -> None:
    store = kept(left, tmp_path / "runs")
    sha256 = digest(left.manifest.read_bytes())
    uri = f"{uri_of(store.url)}#sha256={sha256}"
    assert read_manifest(fetched(uri, tmp_path / "out")).sha256 == sha256
    with pytest.raises(RefusedError, match="sha256"):
        fetched(uri_of(store.url) + "#sha256=" + "0" * 64, tmp_path / "other")


def test_another_runs_manifest_is_not_this_ones(left: Left, tmp_path: Path) -> None:
    """One that passed and was signed, put where another run's should be."""
    store = kept(left, tmp_path / "runs")
    store.root.rename(tmp_path / "runs/another")
    with pytest.raises(RefusedError, match="the manifest of run r1"):
        fetch(FolderStore(tmp_path / "runs/another"), tmp_path / "out")


def report(store: FolderStore) -> Path:
    [folder] = [p for p in (store.root / "report").iterdir() if p.is_dir()]
    return folder


MISSING: dict[str, Callable[[FolderStore], Path]] = {
    "manifest": lambda store: store.root / manifest_key(),
    "record": lambda store: report(store) / "result.json",
    "result": lambda store: report(store) / "stages/unit/result.json",
    "file": lambda store: report(store) / "stages/data/data/rows.validation.json",
    "statement": lambda store: next((report(store) / "statements").iterdir()),
    "component": lambda store: store.root / "blobs" / digest(b"a zip"),
    "configuration": lambda store: store.root / "blobs" / digest(CONFIG),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_no_evidence(left: Left, tmp_path: Path, what: str) -> None:
    store = kept(left, tmp_path / "runs")
    MISSING[what](store).unlink()
    with pytest.raises(InfrastructureError, match="no such object"):
        fetch(store, tmp_path / "out")


def test_a_component_of_other_bytes_is_not_it(left: Left, tmp_path: Path) -> None:
    store = kept(left, tmp_path / "runs")
    MISSING["component"](store).write_bytes(b"a ZIP")
    with pytest.raises(InfrastructureError, match="its bytes have sha256"):
        fetch(store, tmp_path / "out")
    MISSING["component"](store).write_bytes(b"a zip, and more")
    with pytest.raises(RefusedError, match="too many"):
        fetch(store, tmp_path / "more")


@pytest.mark.parametrize(
    "name",
    ["../../../escaped", "/etc/escaped", "a/../../../../escaped", "\x00", "a\nb", "a\\b", "", ".", "x" * 900,
     "result.json/x", "y" * 300],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(left: Left, tmp_path: Path, name: str) -> None:
    """A stage's result is the word of who tested: its digest is right, and what it names is anything."""
    result = left.folder / "stages/unit/result.json"
    told = wire.load_report(result)
    wire.save(result, replace(told, evidence=replace(told.evidence, files=(name,))))
    sealed = digest(result.read_bytes())
    left.rewrite(lambda data: data["stages"]["unit"].update(result_sha256=sealed))
    store = kept(left, tmp_path / "runs")
    before = {p for p in tmp_path.rglob("*") if not p.is_relative_to(tmp_path / "deep")}
    with pytest.raises(LockgateError):
        fetch(store, tmp_path / "deep/er/out")
    assert {p for p in tmp_path.rglob("*") if not p.is_relative_to(tmp_path / "deep")} == before


@pytest.mark.parametrize(
    ("what", "size"), [("manifest", 9 * 2**20), ("file", 3 * 2**30), ("result", 65 * 2**20)]
)
def test_what_is_too_large_is_not_fetched(left: Left, tmp_path: Path, what: str, size: int) -> None:
    store = kept(left, tmp_path / "runs")
    with MISSING[what](store).open("r+b") as stream:
        stream.truncate(size)  # takes no room itself
    with pytest.raises(RefusedError, match="bytes, too many"):
        fetch(store, tmp_path / "out")


def edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        data = json.loads(raw)
        edit(data)
        return canonical(data)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"",
        lambda raw: raw + b" ",
        lambda raw: b"[" * 100_000,
        edited(lambda data: data["stages"].update({"../x": data["stages"]["unit"]})),
        edited(lambda data: data["statements"][0].update(name="../../x")),
        edited(lambda data: data["components"]["predict"].update(sha256="../../x")),
        edited(lambda data: data.update(schema="lockgate.manifest/2")),
    ],
)
def test_what_is_no_manifest_is_refused(left: Left, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    store = kept(left, tmp_path / "runs")
    path = store.root / manifest_key()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(RefusedError):
        fetch(store, tmp_path / "out")


PLACE = "s3://bucket/runs/r1"


@pytest.mark.parametrize("text", [PLACE, f"{PLACE}/", uri_of(PLACE), f"{uri_of(PLACE)}#sha256={'a' * 64}"])
def test_a_run_is_named_by_its_place_or_its_manifests(text: str) -> None:
    assert is_kept(text)
    assert parse(text).place == PLACE
    assert parse(text).sha256 == ("a" * 64 if "#" in text else "")


@pytest.mark.parametrize(
    "text",
    ["", "#", "#sha256=" + "a" * 64, f"{PLACE}#sha256=short", f"{PLACE}#x", "a#b", "s3://", "s3:///"],
)
def test_what_names_no_run_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="no kept run"):
        parse(text)


@pytest.mark.parametrize("text", ["", "20261122T100000Z-abc123", "x" * 5000, "a\x00b", "."])
def test_a_runs_id_is_no_place(text: str) -> None:
    assert is_kept(text) is False

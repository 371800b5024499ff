"""The manifest's published schema: it ships, real manifests fit, later minors are read, majors are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.signed_runs import Left, a_run
from hypothesis import given
from hypothesis import strategies as st

from runner.cli import main
from runner.errors import RefusedError, UsageError
from runner.manifest.build import canonical
from runner.manifest.read import parse_manifest, read_manifest
from runner.manifest.schema import SHIPPED, schema, schema_text
from runner.model import Status

COMPONENT = {"kind": "file", "version": "", "sha256": "0" * 64, "size": 5, "executed": None, "facts": {}}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return a_run(tmp_path_factory.mktemp("run"))


def edited(left: Left, **fields: Any) -> bytes:
    return canonical({**left.data, **fields})


def test_the_shipped_schema_is_the_generated_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), (
        "runner.manifest.schema has changed: write it"
    )
    assert main(["schema", "manifest"]) == 0
    assert capsys.readouterr().out == schema_text()


@pytest.mark.parametrize("bad", [None, Status.FAILED, Status.ERROR])
def test_a_manifest_fits_it(tmp_path: Path, bad: Status | None) -> None:
    run = a_run(tmp_path, bad=bad)
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(run.data, schema())
    assert read_manifest(run.manifest).fields.verdict.status == run.record.verdict.status


def test_unknown_fields_are_kept(left: Left) -> None:
    raw = edited(left, schema="lockgate.manifest/1.7", surprise={"a": 1})
    jsonschema.validate(json.loads(raw), schema())
    found = parse_manifest(raw)
    assert found.fields.model_extra == {"surprise": {"a": 1}} and found.data["surprise"] == {"a": 1}


@pytest.mark.parametrize(
    "version", ["lockgate.manifest/2", "lockgate.manifest/10", "lockgate.manifest/1x", "", None, 1, "x/1"]
)
def test_another_major_is_refused(left: Left, version: object) -> None:
    raw = edited(left, schema=version)
    with pytest.raises(RefusedError, match="schema"):
        parse_manifest(raw)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(raw), schema())


@pytest.mark.parametrize(
    "fields",
    [
        {"stages": {"../x": {}}},
        {"complete": "true"},
        {"started": "yesterday"},
        {"started": "2026-11-22T10:00:00"},  # of which zone?
        {"verdict": {"status": "FINE", "reason": ""}},
        {"statements": [{"name": "../x", "predicate_type": "t", "sha256": "0" * 64}]},
        {"statements": [{"name": "x", "predicate_type": "t", "sha256": "0" * 63}]},
        {"source": {"commit": "HEAD", "branch": "", "clean": True}},
        {"source": {"commit": "", "branch": "", "clean": 1}},
        {"started": 1795341600},
        {"started": "1795341600"},
        {"started": "9999-12-31T23:59:59+00:00"},  # nothing can be added to it
        {"seconds": "12.5"},
        {"seconds": True},
        {"seconds": -1},
        {"seconds": 1e300},
        {"run_id": "../r1"},
        {"run_id": "r1/.."},
        {"solution": "../other"},
        {"solution": ""},
        {"components": {"../predict": COMPONENT}},
        {"components": {"predict@host": COMPONENT}},  # the name of another subject
        {"components": {"predict": {**COMPONENT, "size": "5"}}},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(left: Left, fields: dict[str, Any]) -> None:
    raw = edited(left, **fields)
    with pytest.raises(RefusedError):
        parse_manifest(raw)
    if "9999" not in str(fields):
        with pytest.raises(jsonschema.ValidationError):  # who reads by the published schema sees the same
            jsonschema.validate(json.loads(raw), schema())


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"[]", b"null", b"{", b"\xff", b'{"a":1}', b'{"a":1,"a":1}', b'{"a":NaN}'),
        *(b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"9" * 10_000),
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_canonical_object_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_manifest(raw)


def test_every_field_is_needed_but_the_later_ones(left: Left) -> None:
    later = {"statements", "configuration", "release"}
    for name in left.data:
        raw = canonical({k: v for k, v in left.data.items() if k != name})
        if name in later:
            parse_manifest(raw)
        else:
            with pytest.raises(RefusedError):
                parse_manifest(raw)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "large").write_bytes(b" " * (8 * 2**20 + 1))
    with pytest.raises(RefusedError, match="larger"):
        read_manifest(tmp_path / "large")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(raw=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_refused_without_a_crash(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_manifest(raw)
